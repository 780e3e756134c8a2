"""The USB cable: real pyusb over a made-up bus (`fake_usb.py`)."""

from collections.abc import Callable

import pytest
import usb.backend.libusb1
from fake_usb import Bus, Device, FakeClock, cdc_acm, cdc_ethernet, ftdi

from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from drivers.usb_transport import UsbAddress, UsbTransport, listed_usb, parse_usb_address

STATUS = b"\x01\x60"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bus(clock: FakeClock) -> Bus:
    return Bus(clock)


def opened(bus: Bus, clock: FakeClock, device: Device, baud: int = 115200) -> UsbTransport:
    bus.plug(device)
    transport = UsbTransport(vendor=device.vendor, baud=baud, backend=bus, clock=clock)
    transport.open()
    return transport


def refused(bus: Bus, clock: FakeClock, address: str, baud: int = 115200) -> NotStarted:
    meant = parse_usb_address(address)
    transport = UsbTransport(
        vendor=meant.vendor,
        product=meant.product,
        serial=meant.serial,
        baud=baud,
        backend=bus,
        clock=clock,
    )
    with pytest.raises(NotStarted) as caught:
        transport.open()
    return caught.value


# addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("usb:fff0", UsbAddress(0xFFF0)),
        ("usb:0403:6001", UsbAddress(0x0403, 0x6001)),
        ("usb:0403:6001:FR900001", UsbAddress(0x0403, 0x6001, "FR900001")),
        ("usb:0403::FR:9", UsbAddress(0x0403, None, "FR:9")),
    ],
)
def test_an_address_is_read_and_written_the_same(text: str, address: UsbAddress) -> None:
    assert parse_usb_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "usb:", "usb:403", "0403:6001", "usb:0403:60g1", "/dev/tty"])
def test_another_text_is_not_a_usb_address(text: str) -> None:
    with pytest.raises(ValueError, match="usb:0403:6001"):
        parse_usb_address(text)


# FTDI


def test_a_speed_an_ftdi_chip_cannot_do_is_refused(bus: Bus, clock: FakeClock) -> None:
    device = bus.plug(ftdi())
    error = refused(bus, clock, "usb:0403", baud=50)
    assert error.fault is Fault.BAD_REQUEST
    assert "50 baud" in str(error)
    assert device.drivers == {0}


def test_ftdi_data_across_packet_borders_arrives_whole(bus: Bus, clock: FakeClock) -> None:
    device = ftdi()
    transport = opened(bus, clock, device)
    # the data look like status bytes on purpose
    device.sends(STATUS + STATUS * 31, STATUS + b"\x01" * 62, STATUS + b"\x60\x03")
    assert transport.read(0.5) == STATUS * 31 + b"\x01" * 62 + b"\x60\x03"


def test_ftdi_packets_with_nothing_but_status_are_waited_through(
    bus: Bus, clock: FakeClock
) -> None:
    device = ftdi()
    transport = opened(bus, clock, device)
    device.sends(STATUS, STATUS, STATUS + b"\x16")
    assert transport.read(0.5) == b"\x16"


def test_a_silent_ftdi_device_is_read_until_the_time_is_over(bus: Bus, clock: FakeClock) -> None:
    transport = opened(bus, clock, ftdi())
    before_s = clock.now_s
    assert transport.read(0.5) == b""
    assert clock.now_s - before_s == pytest.approx(0.5, abs=0.01)


def test_an_ftdi_line_is_set_up_as_8n1_without_handshake(bus: Bus, clock: FakeClock) -> None:
    device = ftdi()
    opened(bus, clock, device, baud=9600)
    assert [control[:4] for control in device.controls] == [
        (0x40, 0x00, 0, 0),
        (0x40, 0x03, 0x4138, 0),
        (0x40, 0x04, 8, 0),
        (0x40, 0x02, 0, 0),
        (0x40, 0x09, 4, 0),
        (0x40, 0x01, 0x0101, 0),
        (0x40, 0x01, 0x0202, 0),
        (0x40, 0x00, 1, 0),
    ]


def test_an_ftdi_write_waits_until_the_chip_is_empty(bus: Bus, clock: FakeClock) -> None:
    device = ftdi()
    transport = opened(bus, clock, device)
    device.full_fifo_reads = 30
    before_s = clock.now_s
    transport.write(b"\x01\x30")
    assert device.written == b"\x01\x30"
    assert clock.now_s - before_s > 0.03


def test_an_ftdi_chip_that_never_empties_is_contact_lost(bus: Bus, clock: FakeClock) -> None:
    device = ftdi()
    transport = opened(bus, clock, device)
    device.full_fifo_reads = 1_000_000
    with pytest.raises(ContactLost, match="does not send on"):
        transport.write(b"\x01\x30")


# CDC-ACM


@pytest.mark.parametrize("union", [True, False])
def test_a_cdc_acm_line_is_set_up_and_carries_bytes(
    bus: Bus, clock: FakeClock, *, union: bool
) -> None:
    device = cdc_acm(union=union)
    transport = opened(bus, clock, device)
    assert device.controls == [
        (0x21, 0x20, 0, 0, b"\x00\xc2\x01\x00\x00\x00\x08"),
        (0x21, 0x22, 3, 0, b""),
    ]
    transport.write(b"\x01" * 3000)
    assert device.written == b"\x01" * 3000
    device.sends(b"\x16")
    assert transport.read(0.5) == b"\x16"


def test_a_full_cdc_packet_is_not_kept_waiting_for_a_short_one(bus: Bus, clock: FakeClock) -> None:
    device = cdc_acm()
    transport = opened(bus, clock, device)
    device.sends(b"A" * 64)
    before_s = clock.now_s
    assert transport.read(0.5) == b"A" * 64
    assert clock.now_s == before_s


def test_a_silent_cdc_device_reads_as_nothing_after_the_timeout(bus: Bus, clock: FakeClock) -> None:
    transport = opened(bus, clock, cdc_acm())
    before_s = clock.now_s
    assert transport.read(0.5) == b""
    assert clock.now_s - before_s == pytest.approx(0.5, abs=0.01)


def test_a_cdc_device_that_refuses_line_coding_is_used_all_the_same(
    bus: Bus, clock: FakeClock
) -> None:
    device = cdc_acm()
    device.stalled_requests = {0x20, 0x22}
    opened(bus, clock, device).write(b"ok")
    assert device.written == b"ok"


def test_a_usb_network_adapter_is_not_a_serial_line(bus: Bus, clock: FakeClock) -> None:
    device = bus.plug(cdc_ethernet())
    assert refused(bus, clock, "usb:fff0").fault is Fault.NOT_A_PRINTER
    assert device.kernel == []


def test_a_network_adapter_of_the_same_maker_does_not_make_it_ambiguous(
    bus: Bus, clock: FakeClock
) -> None:
    bus.plug(cdc_ethernet())
    assert "device 3" in opened(bus, clock, cdc_acm()).name


# which device


def test_two_devices_that_match_are_refused_and_listed(bus: Bus, clock: FakeClock) -> None:
    bus.plug(ftdi("FR900001"))
    bus.plug(ftdi("FR900002"))
    sentence = str(refused(bus, clock, "usb:0403:6001"))
    assert "usb:0403:6001:FR900001 (FT232R USB UART, at 1-2)" in sentence
    assert "usb:0403:6001:FR900002" in sentence
    assert bus.handles == 0


def test_the_serial_number_chooses_between_two(bus: Bus, clock: FakeClock) -> None:
    first, second = bus.plug(ftdi("FR900001")), bus.plug(ftdi("FR900002"))
    transport = UsbTransport(
        vendor=0x0403, serial="FR900002", baud=115200, backend=bus, clock=clock
    )
    transport.open()
    transport.write(b"!")
    assert (first.written, second.written) == (b"", b"!")


def test_a_device_that_is_not_plugged_in_is_missing(bus: Bus, clock: FakeClock) -> None:
    bus.plug(ftdi())
    assert refused(bus, clock, "usb:0403:6015").fault is Fault.PORT_MISSING
    assert refused(bus, clock, "usb:0403:6001:OTHER").fault is Fault.PORT_MISSING


@pytest.mark.parametrize("address", ["usb:0403", "usb:0403:6001:FR900001"])
def test_a_device_we_have_no_right_to_names_the_cure(
    bus: Bus, clock: FakeClock, address: str
) -> None:
    bus.plug(ftdi()).denied = True
    error = refused(bus, clock, address)
    assert error.fault is Fault.PORT_FORBIDDEN
    assert 'ATTR{idVendor}=="0403"' in str(error)


def test_a_device_another_program_has_claimed_is_busy(bus: Bus, clock: FakeClock) -> None:
    other = opened(bus, clock, ftdi())
    error = refused(bus, clock, "usb:0403")
    other.close()
    assert error.fault is Fault.PORT_BUSY
    assert "another program" in str(error)


def test_without_libusb_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda: None)
    with pytest.raises(NotStarted, match=r"apt install libusb-1\.0-0"):
        UsbTransport(vendor=0x0403, baud=115200).open()


def test_the_machines_own_libusb_is_asked_when_no_other_is_given() -> None:
    with pytest.raises(
        NotStarted, match=r"not plugged in|libusb is missing or broken|looked through"
    ):
        UsbTransport(vendor=0xFFFF, product=0xFFFF, baud=115200).open()


def test_listing_names_each_serial_line_by_a_stable_address(bus: Bus) -> None:
    bus.plug(ftdi())
    bus.plug(cdc_ethernet())
    bus.plug(cdc_acm())
    bus.plug(ftdi("SECRET", product=0x6015)).denied = True
    assert [(str(port.address), port.location) for port in listed_usb(bus)] == [
        ("usb:0403:6001:FR900001", "1-2"),
        ("usb:fff0:0100:DT123456", "1-4"),
        ("usb:0403:6015", "1-5"),
    ]
    assert bus.handles == 0


# the kernel's driver


@pytest.mark.parametrize("make", [ftdi, cdc_acm])
def test_the_kernel_driver_is_detached_on_open_and_given_back_on_close(
    bus: Bus, clock: FakeClock, make: Callable[[], Device]
) -> None:
    device = make()
    transport = opened(bus, clock, device)
    assert device.drivers == set()
    transport.close()
    assert device.kernel == [("detach", 0), ("attach", 0)]
    assert device.claimed_by == {}
    assert bus.handles == 0


def test_a_device_without_a_kernel_driver_is_left_without(bus: Bus, clock: FakeClock) -> None:
    device = ftdi(driver=False)
    opened(bus, clock, device).close()
    assert device.kernel == []


def test_the_kernel_driver_is_given_back_when_the_set_up_fails(bus: Bus, clock: FakeClock) -> None:
    device = bus.plug(ftdi())
    device.stalled_requests = {0x03}
    refused(bus, clock, "usb:0403")
    assert device.kernel == [("detach", 0), ("attach", 0)]
    assert bus.handles == 0


def test_the_kernel_driver_is_given_back_after_an_error_in_use(bus: Bus, clock: FakeClock) -> None:
    device = ftdi()
    transport = opened(bus, clock, device)
    device.takes_bytes = False
    with pytest.raises(ContactLost):
        transport.write(b"!")
    assert device.kernel == [("detach", 0), ("attach", 0)]
    transport.close()
    assert device.kernel == [("detach", 0), ("attach", 0)]


def test_an_unconfigured_device_is_configured(bus: Bus, clock: FakeClock) -> None:
    device = ftdi(driver=False)
    device.configured = False
    opened(bus, clock, device)
    assert device.configured


# what breaks in use


@pytest.mark.parametrize("make", [ftdi, cdc_acm])
def test_a_pulled_cable_is_contact_lost_and_a_replug_is_found_at_another_address(
    bus: Bus, clock: FakeClock, make: Callable[[], Device]
) -> None:
    device = make()
    transport = opened(bus, clock, device)
    bus.unplug(device)
    with pytest.raises(ContactLost, match="unplugged"):
        transport.read(0.5)
    with pytest.raises(NotStarted) as caught:
        transport.open()
    assert caught.value.fault is Fault.PORT_MISSING
    again = bus.plug(make())
    transport.open()
    assert "device 3" in transport.name
    transport.write(b"\x01")
    assert again.written == b"\x01"


@pytest.mark.parametrize("pipe", [0x81, 0x02])
def test_a_stall_is_contact_lost_and_the_next_open_finds_a_working_pipe(
    bus: Bus, clock: FakeClock, pipe: int
) -> None:
    device = cdc_acm()
    transport = opened(bus, clock, device)
    device.stalled = {pipe}
    with pytest.raises(ContactLost, match="Pipe error"):
        transport.read(0.5) if pipe == 0x81 else transport.write(b"!")
    transport.open()
    transport.write(b"!")
    assert transport.read(0.01) == b""


def test_discard_forgets_what_came(bus: Bus, clock: FakeClock) -> None:
    device = cdc_acm()
    transport = opened(bus, clock, device)
    device.sends(b"old", b"older")
    transport.discard()
    device.sends(b"new")
    assert transport.read(0.5) == b"new"


def test_discard_gives_up_on_a_device_that_never_stops(bus: Bus, clock: FakeClock) -> None:
    device = cdc_acm()
    transport = opened(bus, clock, device)
    device.sends(*[b"babble"] * 1000)
    with pytest.raises(ContactLost, match="does not stop"):
        transport.discard()


def test_discard_purges_an_ftdi_chip(bus: Bus, clock: FakeClock) -> None:
    device = ftdi()
    transport = opened(bus, clock, device)
    device.controls.clear()
    device.sends(STATUS + b"old")
    transport.discard()
    assert device.controls == [(0x40, 0x00, 1, 0, b"")]
    device.sends(STATUS + b"new")
    assert transport.read(0.5) == b"new"


def test_opening_twice_and_closing_twice_does_nothing(bus: Bus, clock: FakeClock) -> None:
    transport = opened(bus, clock, ftdi())
    transport.open()
    transport.close()
    transport.close()
    assert bus.handles == 0
    with pytest.raises(ContactLost, match="not open"):
        transport.write(b"!")
