import Logging

/// The runtime's remarks in the form of all others: a line on standard error under the program's name, without the time.
struct RemarkHandler: LogHandler {
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { Console.note(event.message.description) }
}
