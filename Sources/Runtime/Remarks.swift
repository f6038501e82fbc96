import Logging
import Synchronization

/// Warnings about things that the runtime works around. Each is logged once a process.
package enum Remarks {
  private static let logger = Logger(label: "recolor")
  private static let made = Mutex<Set<String>>([])

  /// Logs that something does not work and is left out.
  package static func warning(_ text: String) {
    if made.withLock({ $0.insert(text).inserted }) { logger.warning("\(text)") }
  }
}
