import Logging
import Synchronization

/// What the runtime has to say though nothing fails. Each remark goes to the log once a process.
package enum Remarks {
  private static let logger = Logger(label: "recolor")
  private static let made = Mutex<Set<String>>([])

  /// Something does not work and is done without.
  package static func warning(_ text: String) {
    if made.withLock({ $0.insert(text).inserted }) { logger.warning("\(text)") }
  }
}
