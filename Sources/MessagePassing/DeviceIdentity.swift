/// The marks that tell a device from the others of its machine, as the processes that use them know it.
public struct DeviceIdentity: Hashable, Sendable {
  /// The device's name in this process, `opencl:0.0`. In another process, which may see others, it can be another
  /// device's.
  public var name: String
  /// The driver that runs it.
  public var platform: String
  /// Whether it is the first device of its platform.
  public var isFirst: Bool
  /// Its place on the bus, `0000:3b:00.0`, which all drivers tell alike; nil where the driver does not.
  public var pciAddress: String?
  /// The driver's name for it, in hexadecimal digits; the parts of a GPU that are devices of their own have different
  /// ones. Nil where the driver tells none.
  public var uuid: String?
  /// The first device among those that variables of the environment leave visible, variable by variable.
  public var visible: String

  public init(
    name: String, platform: String = "", isFirst: Bool = false, pciAddress: String? = nil, uuid: String? = nil,
    visible: String = ""
  ) {
    self.name = name
    self.platform = platform
    self.isFirst = isFirst
    self.pciAddress = pciAddress
    self.uuid = uuid
    self.visible = visible
  }

  /// Returns whether this and another process of the same machine mean the same device.
  ///
  /// Where its driver does not identify it, a device is the same as another one of its name. The first devices of two
  /// processes are not, where their environments let them see others first.
  public func isSame(as other: DeviceIdentity) -> Bool {
    if let pciAddress, let otherAddress = other.pciAddress {
      guard pciAddress == otherAddress else { return false }
      // Two drivers may name one GPU, and one driver parts of it.
      guard platform == other.platform, let uuid, let otherUUID = other.uuid else { return true }
      return uuid == otherUUID
    }
    guard platform == other.platform else { return false }
    if let uuid, let otherUUID = other.uuid { return uuid == otherUUID }
    return name == other.name && !(isFirst && other.isFirst && visible != other.visible)
  }
}

extension DeviceIdentity: CustomStringConvertible {
  public var description: String { name + (pciAddress.map { " (PCI \($0))" } ?? "") }
}

// MARK: Choice

extension DeviceIdentity {
  /// Returns the device that each process of a machine takes of those that it sees: in the order of the processes the
  /// first that no earlier one takes, as its place in the list; nil where there is none.
  ///
  /// Where all see the same devices, the n-th process takes the n-th one.
  public static func choices(of lists: [[DeviceIdentity]]) -> [Int?] {
    var taken: [DeviceIdentity] = []
    return lists.map { devices in
      let choice = devices.firstIndex { device in !taken.contains { $0.isSame(as: device) } }
      if let choice { taken.append(devices[choice]) }
      return choice
    }
  }
}

// MARK: Visibility

extension DeviceIdentity {
  /// Variables by which schedulers and users show a process some of a machine's GPUs: lists, separated by commas.
  private static let variables = [
    "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK",
  ]

  /// Returns the first device that the variables of an environment leave visible, variable by variable: the first one
  /// of the machine where a variable is not set.
  /// - Parameter variable: Returns the value of an environment variable; nil where there is none.
  public static func firstVisible(_ variable: (String) -> String?) -> String {
    variables.map { name in variable(name).flatMap { $0.split(separator: ",").first.map(String.init) } ?? "0" }
      .joined(separator: " ")
  }
}

// MARK: Messages

extension DeviceIdentity {
  /// The texts of a message, as many of every identity.
  var texts: [String] { [name, platform, isFirst ? "first" : "", pciAddress ?? "", uuid ?? "", visible] }

  /// Returns the identities whose texts are in a message, one after the other.
  static func identities(_ texts: [String]) -> [DeviceIdentity] {
    let count = DeviceIdentity(name: "").texts.count
    return stride(from: 0, to: texts.count - texts.count % count, by: count).map { start in
      let own = texts[start..<start + count].map { $0.isEmpty ? nil : $0 }
      return DeviceIdentity(
        name: own[0] ?? "", platform: own[1] ?? "", isFirst: own[2] != nil, pciAddress: own[3], uuid: own[4],
        visible: own[5] ?? "")
    }
  }
}
