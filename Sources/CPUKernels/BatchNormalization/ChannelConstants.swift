/// Numbers per channel that the host computes in each run, repeated for each of a layout's folds. Made when an operation
/// is prepared, so that a run allocates nothing.
final class ChannelConstants {
  private let storage: UnsafeMutablePointer<Float>
  private let columns: Int
  private let channels: Int

  /// Room for `kinds` numbers per channel.
  init(layout: ChannelLayout, kinds: Int) {
    columns = layout.columns
    channels = layout.channels
    storage = .allocate(capacity: kinds * layout.columns)
    storage.initialize(repeating: 0, count: kinds * layout.columns)
  }

  deinit { storage.deallocate() }

  /// The numbers of one kind, one per column of the layout.
  subscript(kind: Int) -> UnsafeMutablePointer<Float> { storage + kind * columns }

  /// Copies the first fold's numbers of each of the first `kinds` kinds to the other folds.
  func repeatFolds(kinds: Int) {
    for kind in 0..<kinds {
      let values = self[kind]
      for column in stride(from: channels, to: columns, by: channels) {
        (values + column).update(from: values, count: channels)
      }
    }
  }
}
