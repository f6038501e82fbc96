import MessagePassing
import Testing

/// Devices of processes of one machine, told apart.
@Suite("Identities of devices")
struct DeviceIdentityTests {
  /// The first device of a driver's.
  private func gpu(
    _ pciAddress: String? = nil, uuid: String? = nil, platform: String = "A", name: String = "opencl:0.0",
    visible: String = "0"
  ) -> DeviceIdentity {
    DeviceIdentity(
      name: name, platform: platform, isFirst: name.hasSuffix(".0"), pciAddress: pciAddress, uuid: uuid,
      visible: visible)
  }

  private func expect(
    _ one: DeviceIdentity, isSame: Bool, as other: DeviceIdentity, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(one.isSame(as: other) == isSame, sourceLocation: sourceLocation)
    #expect(other.isSame(as: one) == isSame, sourceLocation: sourceLocation)
  }

  @Test("By the address on the bus, whatever the device is called")
  func addresses() {
    expect(gpu("0000:3b:00.0"), isSame: true, as: gpu("0000:3b:00.0"))
    expect(gpu("0000:3b:00.0"), isSame: false, as: gpu("0000:5e:00.0"))
    expect(gpu("0000:3b:00.0"), isSame: true, as: gpu("0000:3b:00.0", name: "opencl:0.1"))
    // Two drivers for one GPU, whose UUIDs are their own.
    expect(
      gpu("0000:3b:00.0", uuid: "01"), isSame: true,
      as: gpu("0000:3b:00.0", uuid: "02", platform: "B", name: "opencl:1.0"))
  }

  @Test("By the driver's UUID: parts of a GPU at one address, or where no address is known")
  func uuids() {
    expect(gpu("0000:3b:00.0", uuid: "01"), isSame: false, as: gpu("0000:3b:00.0", uuid: "02"))
    expect(gpu("0000:3b:00.0", uuid: "01"), isSame: true, as: gpu("0000:3b:00.0", uuid: "01"))
    expect(gpu(uuid: "01"), isSame: false, as: gpu(uuid: "02"))
    expect(gpu(uuid: "01"), isSame: true, as: gpu(uuid: "01", name: "opencl:0.1"))
    // A driver that gives two GPUs one UUID.
    expect(gpu("0000:3b:00.0", uuid: "01"), isSame: false, as: gpu("0000:5e:00.0", uuid: "01"))
  }

  @Test("By the name where the driver tells nothing, unless the environments show the first devices as others")
  func names() {
    expect(gpu(), isSame: true, as: gpu())
    expect(gpu(), isSame: false, as: gpu(name: "opencl:0.1"))
    expect(gpu(), isSame: false, as: gpu(platform: "B"))
    expect(gpu(visible: "0"), isSame: false, as: gpu(visible: "1"))
    // The second ones of different lists may be the same.
    expect(gpu(name: "opencl:0.1", visible: "0"), isSame: true, as: gpu(name: "opencl:0.1", visible: "1"))
  }

  @Test("The first visible device of each variable")
  func visibility() {
    func visible(_ environment: [String: String]) -> String { DeviceIdentity.firstVisible { environment[$0] } }
    #expect(visible([:]) == visible(["CUDA_VISIBLE_DEVICES": "0,1", "HOME": "/"]))
    #expect(visible([:]) == visible(["ROCR_VISIBLE_DEVICES": ""]))
    for name in ["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"] {
      #expect(visible([name: "1"]) != visible([:]) && visible([name: "1,0"]) == visible([name: "1"]))
    }
    #expect(visible(["CUDA_VISIBLE_DEVICES": "1"]) != visible(["ZE_AFFINITY_MASK": "1"]))
  }

  @Test("Each process takes its own of those that it sees")
  func choices() {
    let (a, b, c, d) = (gpu("a"), gpu("b"), gpu("c"), gpu("d"))
    let all = [a, b, c, d]
    #expect(DeviceIdentity.choices(of: [all, all, all, all]) == [0, 1, 2, 3])
    #expect(DeviceIdentity.choices(of: [[a], [b], [c], [d]]) == [0, 0, 0, 0])
    #expect(DeviceIdentity.choices(of: [[a, b], [a, b], [c, d], [c, d]]) == [0, 1, 0, 1])
    #expect(DeviceIdentity.choices(of: [[a], [a], [], [a, b]]) == [0, nil, nil, 1])
    // Without identification, the n-th by name, and the first ones of different environments.
    let unknown = [gpu(), gpu(name: "opencl:0.1")]
    #expect(DeviceIdentity.choices(of: [unknown, unknown]) == [0, 1])
    #expect(DeviceIdentity.choices(of: [[gpu(visible: "0")], [gpu(visible: "1")]]) == [0, 0])
    #expect(DeviceIdentity.choices(of: [[gpu()], [gpu()]]) == [0, nil])
  }
}
