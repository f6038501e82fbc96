import ArgumentParser
import Files
import Glibc
import Models
import Server

/// `recolor serve`
struct Serve: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a page in the browser: color photographs, and watch runs.",
    discussion: """
      Prints the address of the page, which only this machine reaches, and serves it until Ctrl-C. Photographs stay on \
      this machine, and are forgotten when their page is closed. Runs below the given folders are shown with their \
      curves, also those that train now; their weights, and those of weights files, can be chosen to color.

        recolor serve
        recolor serve runs --open
        recolor serve runs/gan weights.safetensors --port 9000
        recolor serve runs --host 0.0.0.0

      With --host, other machines may reach the page as well: at --host 0.0.0.0 by each of the addresses that are \
      printed. They have a secret, without which nothing is answered; the connection is not encrypted. See \
      docs/page.md.
      """)

  /// The port that is tried first.
  static let usualPort = 8265

  @Argument(
    help: ArgumentHelp(
      "Runs, folders of runs, and weights to color with, which are safetensors files or built-in models.",
      valueName: "place"),
    completion: .file())
  var places: [String] = []
  @Option(
    parsing: .unconditional,
    help: "Port of the address; 0 is any free one. (default: \(usualPort), or a free one where that is taken)")
  var port: Int?
  @Option(parsing: .unconditional, help: ArgumentHelp("Address of this machine to serve at.", valueName: "address"))
  var host = "127.0.0.1"
  @Flag(help: "Open the page in the browser.")
  var open = false
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var productOptions: ProductOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.within(0...65_535).check(port, of: "port")
    if host.isEmpty { throw ValidationError("--host: names no address.") }
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    Self.allowFiles()
    var models = [try ServedModel(BuiltInModel.standard.argument)]
    var folders: [String] = []
    for place in places {
      if Folder.exists(place) {
        folders.append(place)
      } else {
        let model = try ServedModel(place)
        if !models.contains(where: { $0.id == model.id }) { models.append(model) }
      }
    }
    let backend = try deviceOptions.device.open(precisionOptions.precision, productOptions.cpuProducts)
    let service = PageService(models: ServedModels(models, on: backend), runs: RunWatcher(folders))
    service.start()
    let server = try PageServer.start(service, host: host, port: port)
    try PageServer.announce(server)
    if open { Browser.open(server.address) }
    // Ctrl-C ends the process, whose files have no names.
    while true { pause() }
  }

  /// Lets the process have as many files open as the system allows it: each connection and each photograph is one.
  private static func allowFiles() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
  }
}
