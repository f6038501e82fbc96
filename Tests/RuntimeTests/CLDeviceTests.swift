import Runtime
import Testing

@Suite("OpenCL devices", .enabled(if: OpenCLDevice.isAvailable, OpenCLDevice.skipReason))
struct CLDeviceTests {
  @Test("Every device has plausible properties and its own index")
  func properties() throws {
    let devices = try CLDevice.all()
    #expect(Set(devices.map(\.index)).count == devices.count)
    for device in devices {
      #expect(!device.name.isEmpty && !device.driverVersion.isEmpty && device.version.hasPrefix("OpenCL "))
      #expect(device.computeUnits > 0 && device.maximumWorkGroupSize > 0)
      #expect(device.globalMemoryByteCount >= device.maximumAllocationByteCount)
      #expect(device.maximumAllocationByteCount > 1 << 20)
      #expect(device.baseAddressAlignment > 0 && device.localMemoryByteCount > 0)
    }
  }

  @Test("Automatic choice prefers GPUs, then accelerators, then CPUs")
  func automatic() throws {
    let rank = { (device: CLDevice) in CLDevice.Kind.allCases.firstIndex(of: device.kind) ?? .max }
    let chosen = try CLDevice.automatic()
    #expect(rank(chosen) == (try CLDevice.all().map(rank).min()))
  }

  @Test("A device is found by its index")
  func named() throws {
    for device in try CLDevice.all() {
      #expect(try CLDevice.named(device.index).name == device.name)
    }
  }

  @Test("An index without a device is refused with a list of the devices", arguments: ["99.0", "0.99", "x", ""])
  func absent(index: String) throws {
    let present = try CLDevice.all()
    do {
      _ = try CLDevice.named(index)
      Issue.record("device \(index) was found")
    } catch {
      guard case .noSuchDevice(let text) = error else {
        Issue.record("\(error)")
        return
      }
      for device in present { #expect(text.contains(device.index) && text.contains(device.name)) }
      #expect(!text.contains("\n"))
    }
  }
}
