extension String {
  /// Returns the word that was probably meant: the one with the smallest edit distance, unless each is further than a
  /// third of the letters; else one that this abbreviates, by its parts' first letters (`lr`, `learning-rate`) or its
  /// beginning (`eval`, `evaluate`), or that begins this (`output`, `out`). Nil where there is none.
  func nearest(in words: some Sequence<String>) -> String? {
    let words = words.sorted { ($0.count, $0) < ($1.count, $1) }
    let similar = words.map { (word: $0, distance: editDistance(to: $0)) }
      .filter { $0.distance <= Swift.max(count, $0.word.count) / 3 }
      .min { $0.distance < $1.distance }
    return similar?.word
      ?? words.first { $0.initials == self }
      ?? words.first { $0.sharesBeginning(with: self) }
  }

  /// The first letters of the parts between hyphens; nil where there is one part.
  private var initials: String? {
    let parts = split(separator: "-")
    return parts.count > 1 ? String(parts.compactMap(\.first)) : nil
  }

  /// Whether one of two words is the beginning of the other, and no shorter than three letters.
  private func sharesBeginning(with other: String) -> Bool {
    Swift.min(count, other.count) >= 3 && (hasPrefix(other) || other.hasPrefix(self))
  }

  /// The number of letters to insert, delete or replace and of neighbors to exchange (the optimal string alignment of
  /// Damerau 1964 and Levenshtein 1966).
  private func editDistance(to other: String) -> Int {
    let (first, second) = (Array(self), Array(other))
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for row in first.indices {
      var current = [row + 1]
      for column in second.indices {
        let isSame = first[row] == second[column]
        var distance = Swift.min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
          distance = Swift.min(distance, beforeLast[column - 1] + 1)
        }
        current.append(distance)
      }
      (beforeLast, last) = (last, current)
    }
    return last[second.count]
  }
}
