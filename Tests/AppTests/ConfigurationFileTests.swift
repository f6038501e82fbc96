import Foundation
import Models
import TestSupport
import Testing

/// `recolor train --config`.
@Suite("Configuration files")
struct ConfigurationFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ name: String, _ text: String) throws -> String {
    let path = "\(folder.path)/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func configuration(_ run: String) throws -> RunConfiguration {
    try RunDirectory(opening: URL(filePath: run)).readConfiguration()
  }

  private static let yaml = """
    # A quick one.
    model: MODEL
    data: scenes
    device: cpu
    width: 4
    batch-size: 8
    train-images: 32
    validation_images: 8
    steps: 2
    options:
      seed: 9
      learningRate: 3e-4
    """

  @Test("The configuration of a run repeats it", arguments: ModelKind.allCases)
  func theConfigurationOfARunRepeatsIt(_ kind: ModelKind) throws {
    let yaml = try file("run.yaml", Self.yaml.replacingOccurrences(of: "MODEL", with: kind.rawValue))
    let first = folder.path + "/first"
    let started = try RecolorProcess.run("train", "--config", yaml, "--out", first)
    #expect(started.exitCode == 0, "\(started.errorOutput)")
    let configuration = try configuration(first)
    #expect(configuration.model.kind == kind && configuration.model.width == 4)
    #expect(configuration.options.seed == 9 && configuration.options.learningRate == 3e-4)
    #expect(configuration.options.batchSize == 8 && configuration.validationImages == 8)

    let second = folder.path + "/second"
    let again = try RecolorProcess.run("train", "--config", first + "/config.json", "--out", second)
    #expect(again.exitCode == 0, "\(again.errorOutput)")
    #expect(try self.configuration(second) == configuration)
    let weights = "/checkpoints/last.safetensors"
    #expect(
      try Data(contentsOf: URL(filePath: first + weights)) == Data(contentsOf: URL(filePath: second + weights)))
  }

  @Test("A byte order mark and Windows' ends of lines make no difference", arguments: ["run.yaml", "run.json"])
  func aByteOrderMarkMakesNoDifference(name: String) throws {
    let yaml = "model: unet\ndata: scenes\nwidth: 4\nsize: 30\n"
    let json = "{\n\"model\": \"unet\", \"data\": \"scenes\",\n\"width\": 4,\n\"size\": 30}\n"
    let text = (name.hasSuffix("yaml") ? yaml : json).replacingOccurrences(of: "\n", with: "\r\n")
    let path = try file(name, "\u{FEFF}" + text)
    // The value that cannot be used is found in its line.
    let result = try RecolorProcess.run("train", "--config", path, "--out", folder.path + "/run")
    #expect(result.exitCode == 64)
    #expect(result.errorOutput.contains("\(path):4: --size 30"), "\(result.errorOutput)")
  }

  @Test("Files in UTF-16 and UTF-32 are read, and half ones named", arguments: [String.Encoding.utf16, .utf32])
  func otherEncodings(encoding: String.Encoding) throws {
    let path = folder.path + "/run.yaml"
    let text = try #require("model: unet\ndata: scenes\nwidth: 4\nsize: 30\n".data(using: encoding))
    try text.write(to: URL(filePath: path))
    let result = try RecolorProcess.run("train", "--config", path, "--out", folder.path + "/run")
    #expect(result.exitCode == 64)
    #expect(result.errorOutput.contains("\(path):4: --size 30"), "\(result.errorOutput)")
    try text.dropLast().write(to: URL(filePath: path))
    let half = try RecolorProcess.run("train", "--config", path, "--out", folder.path + "/run")
    #expect(half.exitCode == 1 && half.errorLines.count == 1, "\(half.errorOutput)")
    #expect(half.errorOutput.contains("\(path): cannot be read: it begins as a text in UTF-"), "\(half.errorOutput)")
    #expect(half.errorOutput.contains("; save it in UTF-8"), "\(half.errorOutput)")
  }

  @Test("A run whose texts an editor saved in UTF-16 is resumed and compared")
  func runsInUTF16() throws {
    let run = folder.path + "/run"
    let trained = try RecolorProcess.run(
      "train", "unet", "--data", "scenes", "--out", run, "--device", "cpu", "--width", "4", "--batch-size", "8",
      "--train-images", "16", "--validation-images", "8", "--epochs", "1")
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
    func recode(_ name: String) throws {
      let path = "\(run)/\(name)"
      try String(contentsOfFile: path, encoding: .utf8).write(toFile: path, atomically: true, encoding: .utf16)
    }
    try recode("config.json")
    try recode("metrics.csv")
    let resumed = try RecolorProcess.run("train", "--resume", run, "--epochs", "2")
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
    // Written anew in UTF-8, with the earlier row.
    let rows = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8).split(separator: "\n")
    #expect(rows.count == 3)
    try recode("metrics.csv")
    let out = folder.path + "/out"
    func compare() throws -> RecolorProcess.Result {
      try RecolorProcess.run("compare", run, "--data", "scenes", "--images", "8", "--out", out, "--device", "cpu")
    }
    let compared = try compare()
    #expect(compared.exitCode == 0 && compared.errorOutput.isEmpty, "\(compared.errorOutput)")
    #expect(try String(contentsOfFile: out + "/curves.csv", encoding: .utf8).contains("run,validation_mse,2,"))
    // Half a code unit at its end.
    let metrics = try Data(contentsOf: URL(filePath: run + "/metrics.csv"))
    try metrics.dropLast().write(to: URL(filePath: run + "/metrics.csv"))
    let named = try compare()
    #expect(named.exitCode == 0 && named.errorLines.count == 1, "\(named.errorOutput)")
    #expect(named.errorOutput.contains("/metrics.csv: cannot be read: it begins as a text in UTF-16 and is none"))
  }

  @Test("The command line takes precedence")
  func theCommandLineTakesPrecedence() throws {
    let yaml = try file("run.yml", Self.yaml.replacingOccurrences(of: "MODEL", with: "unet"))
    let run = folder.path + "/run"
    let result = try RecolorProcess.run(
      "train", "unet", "--seed", "5", "--config=\(yaml)", "--learning-rate=0.01", "--out", run)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let options = try configuration(run).options
    #expect(options.seed == 5 && options.learningRate == 0.01 && options.batchSize == 8)
  }

  @Test("Options that need each other may come from the file and from the command line")
  func optionsThatNeedEachOther() throws {
    let yaml = try file("run.yml", Self.yaml.replacingOccurrences(of: "MODEL", with: "unet") + "\nrebalancing: 0.5\n")
    let run = folder.path + "/run"
    let alone = try RecolorProcess.run("train", "--config", yaml, "--out", run)
    #expect(alone.exitCode == 64 && alone.errorLines.count == 1)
    #expect(alone.errorOutput.contains("--color-space lab"), "\(alone.errorOutput)")
    let result = try RecolorProcess.run("train", "--config", yaml, "--color-space", "lab", "--out", run)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try configuration(run).options.rebalancing == 0.5)
  }

  /// A run's configuration has all options of its recipe.
  @Test("Recipes on the command line replace those of files")
  func recipesOnTheCommandLineReplaceThoseOfFiles() throws {
    let yaml = try file("run.yml", Self.yaml.replacingOccurrences(of: "MODEL", with: "gan"))
    let first = folder.path + "/first"
    #expect(try RecolorProcess.run("train", "--config", yaml, "--out", first).exitCode == 0)
    let second = folder.path + "/second"
    let result = try RecolorProcess.run(
      "train", "--config", first + "/config.json", "--recipe", "best", "--batch-size", "8", "--out", second)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    var expected = Recipe.best.settings(for: .gan).options
    expected.batchSize = 8
    expected.seed = 9
    #expect(try configuration(second).options == expected)
  }

  /// Files, each with texts that the message must contain.
  static let wrongFiles: [(text: String, parts: [String])] = [
    ("model: unet\nlearnig-rate: 0.1\n", ["run.yaml:2:", "\"learnig-rate\"", "did you mean \"learning-rate\""]),
    (#"{"options": {"batchsize": 8}}"#, ["run.yaml:1:", "\"options.batchsize\"", "batch-size"]),
    ("model: unet\nnothing-like-it: 1\n", ["unknown key \"nothing-like-it\""]),
    ("model: unet\nresume: runs/old\n", ["unknown key \"resume\""]),
    ("model: vae\n", ["run.yaml:1:", "vae", "unet or gan"]),
    ("model: gan\n", ["is for gan, not for unet"]),
    ("model: unet\nepochs: soon\n", ["run.yaml:2:", "soon", "--epochs"]),
    ("model: unet\n\nepochs: 0\n", ["run.yaml:3:", "--epochs 0"]),
    ("model: unet\nepochs: [1, 2]\n", ["run.yaml:2:", "single value"]),
    ("imageWidth: 32\nimageHeight: 64\n", ["run.yaml:2:", "imageHeight", "32", "64"]),
    ("model: unet\nmodel: unet\n", ["run.yaml:", "twice", "model"]),
    ("model: [unet\n", ["run.yaml:", "neither JSON nor YAML"]),
    ("- unet\n", ["run.yaml", "mapping"]),
    ("", ["run.yaml", "mapping"]),
  ]

  @Test("Errors in files are named in one line", arguments: wrongFiles)
  func errorsInFilesAreNamedInOneLine(_ text: String, _ parts: [String]) throws {
    let path = try file("run.yaml", text)
    let result = try RecolorProcess.run("train", "unet", "--config", path, "--out", folder.path + "/run")
    #expect(result.exitCode == 64)
    #expect(result.errorLines.count == 1, "\(result.errorOutput)")
    for part in parts { #expect(result.errorOutput.contains(part), "\(result.errorOutput)") }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
  }

  @Test("Missing files are named")
  func missingFilesAreNamed() throws {
    let result = try RecolorProcess.run("train", "unet", "--config", "/nowhere.yaml", "--out", folder.path + "/run")
    #expect(result.exitCode == 1)
    #expect(result.errorOutput.contains("/nowhere.yaml") && result.errorLines.count == 1)
  }

  @Test("Resumed runs take no file")
  func resumedRunsTakeNoFile() throws {
    let result = try RecolorProcess.run("train", "unet", "--config", "x.yaml", "--resume", folder.path)
    #expect(result.exitCode == 64)
    #expect(result.errorOutput.contains("--config"))
  }

  @Test("Files without a model need one on the command line")
  func filesWithoutAModelNeedOneOnTheCommandLine() throws {
    let path = try file("run.yaml", "width: 4\n")
    // A folder with the name of a model does not name one.
    for out in [folder.path + "/run", "gan"] {
      let result = try RecolorProcess.run("train", "--config", path, "--out", out)
      #expect(result.exitCode == 64)
      #expect(result.errorOutput.contains("names no model"))
    }
  }
}
