/// Words that are nearly the same.
enum Spelling {
  /// The word that takes the fewest changes to get from `word`; nil where each takes more than a third of its letters.
  static func nearest(to word: String, among words: some Sequence<String>) -> String? {
    words.map { (word: $0, distance: distance(word, $0)) }
      .filter { $0.distance <= max(word.count, $0.word.count) / 3 }
      .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
  }

  /// How many letters must be put in, taken out or replaced (Levenshtein 1966).
  static func distance(_ first: String, _ second: String) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in second.indices {
        let replaced = diagonal + (letter == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[second.count]
  }
}
