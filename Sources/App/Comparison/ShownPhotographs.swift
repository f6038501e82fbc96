import Data

/// Which photographs of a data set are shown: nobody picks them.
enum ShownPhotographs {
  /// Numbers of the photographs: the first of each class, then the second of each, and so on; without classes the first.
  static func numbers(in dataset: ImageDataset, count: Int) -> [Int] {
    guard let labels = dataset.labels else { return Array(0..<min(count, dataset.count)) }
    var seen: [Int: Int] = [:]
    let places = labels.enumerated().map { number, label -> (round: Int, label: Int, number: Int) in
      let round = seen[Int(label), default: 0]
      seen[Int(label)] = round + 1
      return (round, Int(label), number)
    }
    return places.sorted { ($0.round, $0.label, $0.number) < ($1.round, $1.label, $1.number) }.prefix(count).map(
      \.number)
  }
}
