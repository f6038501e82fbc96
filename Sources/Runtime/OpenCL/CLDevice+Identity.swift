import COpenCL
import FoundationEssentials
import MessagePassing

extension CLDevice {
  /// The marks that tell the device from the others of the machine, as far as its driver says.
  public var identity: DeviceIdentity {
    let environment = ProcessInfo.processInfo.environment
    return DeviceIdentity(
      name: "opencl:\(index)", platform: platformName, isFirst: deviceIndex == 0, pciAddress: pciAddress?.description,
      uuid: uuid, visible: DeviceIdentity.firstVisible { environment[$0] })
  }

  /// The address on the bus; nil where the driver does not say.
  private var pciAddress: PCIAddress? {
    if extensions.contains("cl_khr_pci_bus_info") {
      if let words = try? info(DeviceQuery.pciBusInfo).array(filling: cl_uint(0)), words.count == 4 {
        return PCIAddress(domain: words[0], bus: words[1], device: words[2], function: words[3])
      }
    }
    if extensions.contains("cl_nv_device_attribute_query") {
      if let bus = try? info(DeviceQuery.pciBusNV).value(cl_uint(0)),
        let slot = try? info(DeviceQuery.pciSlotNV).value(cl_uint(0))
      {
        // Drivers of before 2020 tell no domain.
        let domain = (try? info(DeviceQuery.pciDomainNV).value(cl_uint(0))) ?? 0
        return PCIAddress(domain: domain, bus: bus, device: slot >> 3, function: slot & 7)
      }
    }
    if extensions.contains("cl_amd_device_attribute_query") {
      if let bytes = try? info(DeviceQuery.topologyAMD).array(filling: UInt8(0)) {
        return PCIAddress(topology: bytes)
      }
    }
    return nil
  }

  /// The driver's name for the device, in hexadecimal digits; nil where it tells none, or zeros.
  private var uuid: String? {
    guard extensions.contains("cl_khr_device_uuid"),
      let bytes = try? info(DeviceQuery.uuid).array(filling: UInt8(0)), bytes.contains(where: { $0 != 0 })
    else { return nil }
    return bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  private func info(_ parameter: Int32) -> InfoQuery {
    InfoQuery(call: "clGetDeviceInfo") { size, value, needed in
      library.getDeviceInfo(id, cl_device_info(parameter), size, value, needed)
    }
  }
}

/// Queries of extensions, which the header of OpenCL 1.2 lacks.
private enum DeviceQuery {
  /// CL_DEVICE_PCI_BUS_INFO_KHR: domain, bus, device and function.
  static let pciBusInfo: Int32 = 0x410F
  /// CL_DEVICE_UUID_KHR: 16 bytes.
  static let uuid: Int32 = 0x106A
  /// CL_DEVICE_PCI_BUS_ID_NV
  static let pciBusNV: Int32 = 0x4008
  /// CL_DEVICE_PCI_SLOT_ID_NV: the device and, in the lowest three bits, the function.
  static let pciSlotNV: Int32 = 0x4009
  /// CL_DEVICE_PCI_DOMAIN_ID_NV
  static let pciDomainNV: Int32 = 0x400A
  /// CL_DEVICE_TOPOLOGY_AMD
  static let topologyAMD: Int32 = 0x4037
}

/// A device's address on the PCI bus. Its text is that of Linux: `0000:3b:00.0`.
struct PCIAddress: Equatable {
  let domain: UInt32
  let bus: UInt32
  let device: UInt32
  let function: UInt32
}

extension PCIAddress {
  /// The address in a `cl_device_topology_amd`; nil where that is of another bus.
  /// - Parameter bytes: a type in four bytes, 1 for the PCI bus, and in the last three the bus, the device and the
  ///   function.
  init?(topology bytes: [UInt8]) {
    guard bytes.count == 24, bytes[0] == 1, bytes[1..<4].allSatisfy({ $0 == 0 }) else { return nil }
    self.init(domain: 0, bus: UInt32(bytes[21]), device: UInt32(bytes[22]), function: UInt32(bytes[23]))
  }
}

extension PCIAddress: CustomStringConvertible {
  var description: String {
    func digits(_ number: UInt32, _ count: Int) -> String {
      let text = String(number, radix: 16)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(domain, 4)):\(digits(bus, 2)):\(digits(device, 2)).\(digits(function, 1))"
  }
}
