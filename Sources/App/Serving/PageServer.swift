import Files
import Glibc
import Server

/// The start of the server of a page.
enum PageServer {
  /// Starts a server.
  /// - Parameters:
  ///   - port: Nil for the usual one, or a free one where that is taken.
  /// - Throws: `WebServerError`.
  static func start(_ service: PageService, host: String, port: Int?) throws(WebServerError) -> WebServer {
    let token = WebServer.isLoopback(host) ? nil : WebServer.randomToken()
    let handler: WebServer.Handler = { request in try await service.answer(request) }
    do throws(WebServerError) {
      return try WebServer(host: host, port: port ?? Serve.usualPort, token: token, handler: handler)
    } catch {
      guard port == nil, error.isPortTaken else { throw error }
      return try WebServer(host: host, port: 0, token: token, handler: handler)
    }
  }

  /// Prints the addresses.
  static func announce(_ server: WebServer) throws(OutputError) {
    for address in server.addresses { try Console.output(line: address) }
    if server.token != nil {
      Console.warning(
        "other machines reach this page, and whoever has the address may use it; the connection is not encrypted")
    }
    Console.note("Ctrl-C ends the page")
  }
}

/// The browser of the desktop.
enum Browser {
  /// Opens an address, where there is a desktop; a note says where there is none.
  static func open(_ address: String) {
    var child = pid_t()
    var arguments = [strdup("xdg-open"), strdup(address), nil]
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    // The server's sockets, which have not this flag, would stay open with the browser: the port would be taken, and
    // connections to it unanswered, after the server's end.
    for name in (try? Folder.names(in: "/proc/self/fd")) ?? [] {
      if let descriptor = Int32(name), descriptor > STDERR_FILENO { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
    // The child's end is not waited for.
    signal(SIGCHLD, SIG_IGN)
    if posix_spawnp(&child, "xdg-open", &actions, nil, &arguments, environ) != 0 {
      Console.note("there is no xdg-open to open the page; open the address yourself")
    }
  }
}
