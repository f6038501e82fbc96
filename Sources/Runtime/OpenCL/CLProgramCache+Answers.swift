extension CLProgramCache {
  /// Whether `keep` was called for this question, device and driver, in whatever process.
  package func holds(_ question: String, for device: CLDevice) -> Bool {
    key(source: question, options: Self.answerOptions, device: device).map { binary(for: $0) != nil } ?? false
  }

  /// Remembers that the answer to a question that takes long to find out is yes. A question names all that decides about the
  /// answer but the device and its driver.
  package func keep(_ question: String, for device: CLDevice) {
    guard let key = key(source: question, options: Self.answerOptions, device: device) else { return }
    store(Array("yes".utf8), for: key)
  }

  /// What tells answers from programs.
  private static let answerOptions = "answer"
}
