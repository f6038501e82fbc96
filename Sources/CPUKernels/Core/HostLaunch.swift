import Runtime

/// An operation bound to host memory. It keeps that memory alive and does all its work in `run`.
final class HostLaunch: Launch {
  private let memories: [HostMemory]
  private let body: () throws(BackendError) -> Void

  init(memories: [HostMemory], body: @escaping () throws(BackendError) -> Void) {
    self.memories = memories
    self.body = body
  }

  func run() throws(BackendError) { try body() }
}
