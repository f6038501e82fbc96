extension Communicator {
  /// Checks that all ranks have the same: of each name, such as `options` or `the training images`, the same text (a
  /// digest, or the value itself where it is short).
  /// - Throws: On every rank `MessagePassingError.disagreement` with the first name that differs and a rank that has
  ///   another text than rank 0.
  public func requireAgreement(on values: [(name: String, text: String)]) throws(MessagePassingError) {
    let all = try allGather(Self.message(values.flatMap { [$0.name, $0.text] })).map(Self.strings)
    guard let first = all.first else { return }
    // Where each list first differs from rank 0's; where one ends before the other, the longer one has the name.
    let differences = all.enumerated().filter { $0.element != first }.map { rank, own in
      (index: zip(own, first).enumerated().first { $1.0 != $1.1 }?.offset ?? min(own.count, first.count), rank: rank)
    }
    guard let (index, rank) = differences.min(by: { $0.index < $1.index }) else { return }
    let nameIndex = index / 2 * 2
    let name = nameIndex < first.count ? first[nameIndex] : all[rank][nameIndex]
    func text(_ list: [String]) -> String {
      nameIndex + 1 < list.count && list[nameIndex] == name ? list[nameIndex + 1] : "none"
    }
    throw .disagreement(on: name, rank: rank, text: text(all[rank]), firstText: text(first))
  }

  /// Checks that no other rank of the same machine uses the same device.
  /// - Parameter device: What this rank uses; nil where it may be shared, as the processor.
  /// - Throws: On every rank `MessagePassingError.deviceTakenTwice`.
  public func requireOwnDevice(_ device: DeviceIdentity?) throws(MessagePassingError) {
    let host = String(ranksOnHost.first ?? 0)
    let all = try allGather(Self.message([host] + (device?.texts ?? []))).map(Self.strings)
    let devices = all.map { DeviceIdentity.identities(Array($0.dropFirst())).first }
    for (rank, device) in devices.enumerated() {
      guard let device else { continue }
      let first = devices[..<rank].indices.first { other in
        all[other].first == all[rank].first && devices[other]?.isSame(as: device) ?? false
      }
      if let first { throw .deviceTakenTwice(device: "\(device)", ranks: [first, rank]) }
    }
  }

  /// Returns the device that this rank takes of those that it sees, as its place among them: one that no other rank of
  /// the same machine takes (`DeviceIdentity.choices`). Nil where there is none.
  public func ownDevice(among devices: [DeviceIdentity]) throws(MessagePassingError) -> Int? {
    let all = try allGather(Self.message(devices.flatMap(\.texts))).map(Self.strings)
    return DeviceIdentity.choices(of: ranksOnHost.map { DeviceIdentity.identities(all[$0]) })[localRank]
  }

  /// Texts in a message, each with a zero byte after it.
  private static func message(_ texts: [String]) -> [UInt8] { texts.flatMap { Array($0.utf8) + [0] } }

  private static func strings(_ message: [UInt8]) -> [String] {
    message.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
  }
}
