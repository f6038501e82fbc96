import Foundation
import Models
import Testing

/// Help, the version, and messages about wrong command lines.
@Suite("Command line")
struct CommandLineTests {
  @Test("The version is that of the package")
  func theVersionIsThatOfThePackage() throws {
    // With an MPI beside the program, it is named as well.
    let result = try RecolorProcess.run("--version", environment: ["RECOLOR_MPI": "/no/such/library"])
    #expect(result.output == "recolor \(RecolorVersion.current)\n")
    #expect(result.exitCode == 0)
  }

  static let commands = [
    "devices", "models", "train", "evaluate", "colorize", "check", "compare", "bench", "export", "data fetch",
    "data info", "tune", "completions",
  ]

  @Test("Commands have help", arguments: Self.commands)
  func commandsHaveHelp(_ command: String) throws {
    let result = try RecolorProcess(command.split(separator: " ").map(String.init) + ["--help"]).wait()
    #expect(result.exitCode == 0)
    #expect(result.output.contains("USAGE: recolor \(command)"))
    #expect(result.errorOutput.isEmpty)
  }

  /// On a terminal of 80 columns.
  @Test("Help has examples and fits a terminal", arguments: Self.commands)
  func helpHasExamplesAndFitsATerminal(_ command: String) throws {
    let help = try RecolorProcess(command.split(separator: " ").map(String.init) + ["--help"]).wait().output
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    let usage = try #require(lines.firstIndex { $0.hasPrefix("USAGE:") })
    #expect(lines[..<usage].contains { $0.hasPrefix("  recolor \(command)") })
    // The parser does not wrap the line of the usage.
    for line in lines where !line.hasPrefix("USAGE:") { #expect(line.count <= 80, "\(line)") }
    // The parser must not wrap indented lines: the rest would begin at the margin.
    for (line, next) in zip(lines[..<usage], lines[1..<usage]) where line.hasPrefix("  ") {
      #expect(next.isEmpty || next.hasPrefix("  "), "\(next)")
    }
  }

  @Test("The help of the command fits a terminal, and no line goes on at the margin")
  func theHelpOfTheCommandFitsATerminal() throws {
    let help = try RecolorProcess.run("--help").output
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    for line in lines { #expect(line.count <= 80, "\(line)") }
    let usage = try #require(lines.firstIndex { $0.hasPrefix("USAGE:") })
    for (line, next) in zip(lines[..<usage], lines[1..<usage]) where line.hasPrefix("  ") {
      #expect(next.isEmpty || next.hasPrefix("  "), "\(next)")
    }
  }

  @Test("Required and common options come first")
  func requiredAndCommonOptionsComeFirst() throws {
    for (command, first) in [
      ("train", ["out", "data", "epochs"]), ("evaluate", ["data"]), ("compare", ["data", "out"]),
      ("export", ["format", "out"]), ("colorize", ["weights", "out"]),
    ] {
      let help = try RecolorProcess.run(command, "--help").output
      let options = help.split(separator: "\n").filter { $0.hasPrefix("  -") || $0 == "OPTIONS:" }
      let start = try #require(options.firstIndex(of: "OPTIONS:")) + 1
      #expect(options.count >= start + first.count)
      let sections = help.components(separatedBy: "\nUSAGE:").last ?? ""
      let groups = sections.split(separator: "\n").filter { $0.hasSuffix(":") && !$0.hasPrefix(" ") }
      #expect(groups.prefix(2) == ["ARGUMENTS:", "OPTIONS:"], "\(command): \(groups)")
      for (line, name) in zip(options[start...], first) { #expect(line.contains("--\(name) "), "\(command): \(line)") }
    }
  }

  @Test("Flags and their negations are described by different words", arguments: ["flips", "spectral-norm"])
  func flagsAndTheirNegations(_ name: String) throws {
    let lines = try RecolorProcess.run("train", "--help").output.split(separator: "\n")
    let flag = try #require(lines.first { $0.hasPrefix("  --\(name) ") })
    let negation = try #require(lines.first { $0.hasPrefix("  --no-\(name) ") })
    #expect(flag.split(separator: " ").dropFirst() != negation.split(separator: " ").dropFirst())
  }

  @Test("Completions are scripts of the shell", arguments: ["bash", "zsh", "fish"])
  func completionsAreScriptsOfTheShell(_ shell: String) throws {
    let result = try RecolorProcess.run("completions", shell)
    #expect(result.exitCode == 0 && result.errorOutput.isEmpty)
    for word in ["recolor", "train", "learning-rate", "opencl"] where !(shell != "fish" && word == "opencl") {
      #expect(result.output.contains(word), "\(word)")
    }
  }

  @Test("Without a command help is printed")
  func withoutACommandHelpIsPrinted() throws {
    let result = try RecolorProcess.run()
    #expect(result.output.contains("recolor train unet --data scenes"))
    #expect(result.exitCode == 0)
  }

  @Test("Help lists the environment")
  func helpListsTheEnvironment() throws {
    let help = try RecolorProcess.run("--help").output
    for name in ["CIFAR10", "CIFAR100", "THREADS", "MEMORY", "KERNELS", "CACHE", "BLAS"] {
      #expect(help.contains("RECOLOR_\(name) "))
    }
  }

  /// Command lines, each with a text that the message must contain.
  static let wrongLines: [([String], String)] = [
    (["chekc"], "chekc"),
    (["train"], "<model>"),
    (["train", "vae", "--out", "x"], "vae"),
    (["train", "unet"], "--out"),
    (["train", "unet", "--out", "x", "--width", "0"], "--width 0"),
    (["train", "unet", "--out", "x", "--width", "2000"], "--width 2000"),
    (["train", "unet", "--out", "x", "--width", "wide"], "wide"),
    (["train", "unet", "--out", "x", "--epochs", "-3"], "--epochs -3"),
    (["train", "unet", "--out", "x", "--epochs", "0"], "--epochs 0"),
    (["train", "unet", "--out", "x", "--batch-size", "0"], "--batch-size 0"),
    (["train", "unet", "--out", "x", "--learning-rate", "nan"], "--learning-rate nan"),
    (["train", "unet", "--out", "x", "--learning-rate", "-1"], "--learning-rate -1"),
    (["train", "unet", "--out", "x", "--l1-weight", "1"], "--l1-weight"),
    (["train", "gan", "--out", "x", "--loss", "l1"], "--loss: only unet has a choice of its loss"),
    (["train", "unet", "--out", "x", "--loss", "huber"], "'mse' and 'l1'"),
    (["train", "unet", "--out", "x", "--color-space", "lab", "--rebalancing", "1.5"], "--rebalancing 1.5"),
    (["train", "unet", "--out", "x", "--rebalancing", "0.5"], "--rebalancing 0.5"),
    (["train", "gan", "--out", "x", "--size", "16"], "16×16"),
    (["train", "unet", "--out", "x", "--size", "33"], "33×33"),
    (["train", "unet", "--out", "x", "--seed", "-1"], "-1"),
    (["train", "unet", "--out", "x", "--precision", "fp16"], "--precision"),
    (["bench", "unet", "--precision", "half"], "half"),
    (["train", "unet", "--resume", "x", "--precision", "fp32"], "--precision"),
    (["train", "unet", "--resume", "x", "--epochs", "0"], "--epochs 0"),
    (["train", "unet", "--resume", "x", "--width", "8"], "--width"),
    (["train", "unet", "--resume", "x", "--out", "y"], "--out"),
    (["train", "unet", "--out", "x", "--device", "gpu"], "--device"),
    (["train", "unet", "--out", "x", "--size", "1048576"], "1048576"),
    (["train", "unet", "--out", "x", "--batch-size", "4611686018427387904"], "--batch-size 4611686018427387904"),
    (["train", "unet", "--out", "x", "--save-every", "0"], "--save-every 0"),
    (["train", "unet", "--out", "x", "--keep", "-1"], "--keep -1"),
    (["train", "unet", "--out", "x", "--steps", "9223372036854775807"], "--steps 9223372036854775807"),
    (["train", "unet", "--out", "x", "--patience", "0"], "--patience 0"),
    (["train", "unet", "--out", "x", "--best-by", "beauty"], "beauty"),
    (["train", "unet", "--resume", "x", "--best-by", "ssim"], "--best-by"),
    (["train", "unet", "--out", "x", "--no-guard"], "--no-guard"),
    (["bench", "unet", "--width", "0"], "--width 0"),
    (["bench", "unet", "--size", "1000000000"], "1000000000"),
    (["bench", "unet", "--batch-size", "4611686018427387904"], "--batch-size 4611686018427387904"),
    (["bench", "unet", "--steps", "9223372036854775807"], "--steps 9223372036854775807"),
    (["bench", "unet", "--warm-up", "9223372036854775807"], "--warm-up 9223372036854775807"),
    (["models", "unet", "--width", "0"], "--width 0"),
    (["models", "unet", "--size", "20"], "20×20"),
    (["models", "builtin:photo", "--width", "16"], "--width: does not apply to builtin:photo"),
    (["models", "builtin:photo", "--upsampling", "nearest"], "--upsampling: does not apply to builtin:photo"),
    (["check", "--filter", "Nothing"], "--filter Nothing"),
    (["export", "x", "--format", "pt"], "pt"),
    (["evaluate", "x", "--data", "scenes", "--split", "half"], "half"),
    (["evaluate", "x", "--data", "scenes", "--images", "0"], "--images 0"),
    (["evaluate", "x", "--data", "scenes", "--full-size"], "--full-size"),
    (["evaluate", "x", "--data", "cifar10", "--full-size"], "--full-size"),
    (["evaluate", "x", "--data", "y", "--full-size", "--split", "test"], "--split"),
    (["evaluate", "x", "--data", "y", "--full-size", "--predictions", "z"], "--predictions"),
    (["evaluate", "x", "--data", "y", "--full-size", "--working-size", "8"], "--working-size 8"),
    (["evaluate", "x", "--data", "y", "--full-size", "--strength", "-1"], "--strength -1"),
    (["colorize", "a.jpg", "--strength", "3"], "--strength 3: must be a number from 0 to 2."),
    (["colorize", "a.jpg", "--strength", "2.01"], "--strength 2.01: must"),
    (["evaluate", "x", "--data", "y", "--working-size", "32"], "--working-size"),
    (["evaluate", "x", "--data", "y", "--strength", "1"], "--strength"),
    (["evaluate", "x", "--data", "y", "--color-contrast", "1"], "--color-contrast: needs --full-size."),
    (["colorize", "a.jpg", "--color-contrast", "4.5"], "--color-contrast 4.5: must be a number from 0 to 4."),
    (["export", "x", "--color-contrast", "1"], "--color-contrast: is of --format safetensors."),
    (["evaluate", "x", "--data", "y", "--csv", "z"], "--csv"),
    (["evaluate", "x", "--data", "y", "--toned", "some"], "--toned"),
    (["colorize", "--weights", "x", "a.jpg", "b/a.png", "--out", "y"], "b/a.png"),
  ]

  @Test("Wrong arguments are named in one line", arguments: wrongLines)
  func wrongArgumentsAreNamedInOneLine(_ arguments: [String], _ named: String) throws {
    let result = try RecolorProcess(arguments).wait()
    #expect(result.exitCode == 64)
    #expect(result.errorLines.count == 1)
    #expect(result.errorOutput.hasPrefix("recolor: error: "))
    #expect(result.errorOutput.contains(named))
    #expect(result.output.isEmpty)
  }

  /// The options that may be given with `--resume`.
  private static let optionsForResuming: Set = [
    "out", "config", "resume", "device-images", "data", "epochs", "steps", "save-every", "keep", "patience", "no-guard",
    "cpu-products", "serve", "port", "help", "version", "quiet", "verbose",
  ]

  /// Every other option of `train` is one of the run's configuration.
  @Test("Resumed runs refuse the options of their configuration")
  func resumedRunsRefuseTheOptionsOfTheirConfiguration() throws {
    struct Help: Decodable {
      struct Command: Decodable { let arguments: [Argument] }
      struct Argument: Decodable {
        let kind: String
        let names: [Name]?
        let allValues: [String]?
      }
      struct Name: Decodable { let name: String }
      let command: Command
    }
    let dump = try RecolorProcess.run("train", "--experimental-dump-help").output
    let options = try JSONDecoder().decode(Help.self, from: Data(dump.utf8)).command.arguments
    var count = 0
    for option in options where option.kind != "positional" {
      for name in option.names?.map(\.name) ?? [] where name.count > 1 && !Self.optionsForResuming.contains(name) {
        let value = option.kind == "flag" ? [] : [option.allValues?.first ?? "1"]
        let result = try RecolorProcess(["train", "gan", "--resume", "x", "--\(name)"] + value).wait()
        #expect(result.exitCode == 64, "\(name)")
        #expect(
          result.errorOutput.hasPrefix("recolor: error: --\(name): a run that goes on takes this from its config.json"),
          "\(result.errorOutput)")
        count += 1
      }
    }
    #expect(count > 0)
  }

  @Test("Unsupported precisions are named in one line", arguments: ["tf32", "bf16x3"])
  func unsupportedPrecisionsAreNamedInOneLine(_ precision: String) throws {
    let result = try RecolorProcess.run("bench", "unet", "--device", "cpu", "--precision", precision)
    #expect(result.exitCode == 1)
    #expect(result.errorLines.count == 1)
    for part in ["cpu", precision, "use --precision fp32"] { #expect(result.errorOutput.contains(part)) }
  }

  @Test("Errors of standard output end the command")
  func errorsOfStandardOutputEndTheCommand() throws {
    let result = try RecolorProcess(["models", "unet", "--device", "cpu"], output: "/dev/full").wait()
    #expect(result.exitCode == 1)
    #expect(result.errorLines.count == 1)
  }
}
