import Foundation
import Models
import TestSupport
import Testing

/// `recolor train` with recipes and with initial weights.
@Suite("Recipes and initial weights of train")
struct TrainOptionsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var run: String { folder.path + "/run" }
  private var weights: String { folder.path + "/weights.safetensors" }

  private func configuration(_ run: String) throws -> RunConfiguration {
    try RunDirectory(opening: URL(filePath: run)).readConfiguration()
  }

  private func last(_ run: String) throws -> Data {
    try Data(contentsOf: URL(filePath: run + "/checkpoints/last.safetensors"))
  }

  /// Trains for two steps on few photographs.
  private func train(
    _ model: String, to folder: String, _ options: [String] = []
  ) throws -> RecolorProcess.Result {
    try RecolorProcess(
      [
        "train", model, "--data", "scenes", "--out", folder, "--device", "cpu", "--batch-size", "8", "--train-images",
        "32", "--validation-images", "8", "--steps", "2",
      ] + options
    ).wait()
  }

  @Test("A run without a recipe says what it takes from the study's")
  func aRunWithoutARecipeSaysWhatItTakesFromTheStudys() throws {
    let result = try train("unet", to: run, ["--width", "4"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let remark = "recolor: the study's recipe, except for --batch-size and --width: width 4, 20 epochs"
    #expect(result.errorLines.contains { $0.hasPrefix(remark) }, "\(result.errorOutput)")
    let named = try train("unet", to: folder.path + "/named", ["--width", "4", "--recipe", "study"])
    #expect(named.exitCode == 0 && !named.errorOutput.contains("the study's recipe"), "\(named.errorOutput)")
    #expect(try last(run) == last(folder.path + "/named"))
  }

  @Test("Synchronized batch norms are recorded, can be taken from a file, and say where they change nothing")
  func synchronizedBatchNorms() throws {
    let remark = "--sync-batch-norm changes nothing with one replica"
    let one = try train("unet", to: folder.path + "/one", ["--width", "4", "--sync-batch-norm"])
    #expect(one.exitCode == 0 && one.errorOutput.contains(remark), "\(one.errorOutput)")
    let plain = try train("unet", to: folder.path + "/plain", ["--width", "4"])
    #expect(plain.exitCode == 0 && !plain.errorOutput.contains(remark), "\(plain.errorOutput)")
    #expect(try configuration(folder.path + "/plain").syncBatchNorm == false)
    #expect(try last(folder.path + "/one") == last(folder.path + "/plain"))

    let two = try train("unet", to: run, ["--width", "4", "--replicas", "2", "--sync-batch-norm"])
    #expect(two.exitCode == 0 && !two.errorOutput.contains(remark), "\(two.errorOutput)")
    #expect(try configuration(run).syncBatchNorm == true)
    let (again, apart) = (folder.path + "/again", folder.path + "/apart")
    let file = ["--config", run + "/config.json", "--out"]
    #expect(try RecolorProcess(["train", "unet"] + file + [again]).wait().exitCode == 0)
    #expect(try last(again) == last(run))
    #expect(try RecolorProcess(["train", "unet"] + file + [apart, "--no-sync-batch-norm"]).wait().exitCode == 0)
    #expect(try last(apart) != last(run))
  }

  /// Takes somewhat longer than the two seconds of steps that are measured.
  @Test("The duration comes after the first steps, with the options that shorten a long run")
  func theDurationComesAfterTheFirstSteps() throws {
    let process = try RecolorProcess([
      "train", "unet", "--out", run, "--device", "cpu", "--width", "4", "--train-images", "512", "--validation-images",
      "8", "--epochs", "900000000",
    ])
    let end = ContinuousClock.now + .seconds(60)
    while process.isRunning, ContinuousClock.now < end, !(try process.errorOutput().contains("shorter with")) {
      usleep(10_000)
    }
    process.send(signal: SIGINT)
    let result = try process.wait()
    #expect(result.exitCode == 130, "\(result.errorOutput)")
    let duration = try #require(result.errorLines.firstIndex { $0.hasSuffix(" images/s)") })
    #expect(result.errorLines[duration].contains(/about [0-9]+ days for 900,000,000 epochs on cpu/))
    #expect(result.errorLines[duration + 1].contains("shorter with fewer --epochs"))
  }

  @Test("Options take precedence over the recipe")
  func optionsTakePrecedenceOverTheRecipe() throws {
    let result = try train("unet", to: run, ["--recipe", "quick", "--width", "4", "--no-flips"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(!result.errorOutput.contains("the study's recipe"))
    let quick = Recipe.quick.settings(for: .unet)
    let configuration = try configuration(run)
    #expect(configuration.model.width == 4 && configuration.options.batchSize == 8)
    #expect(!configuration.options.horizontalFlips && configuration.trainImages == 32)
    #expect(configuration.epochs == quick.epochs && configuration.options.averageDecay == quick.options.averageDecay)
    #expect(configuration.model.upsampling == quick.upsampling && configuration.model.colorSpace == quick.colorSpace)
  }

  @Test("A loss beside the study's is that of the run and of its repetition, and a recipe's where one is named")
  func theLossIsThatOfTheRun() throws {
    let options = ["--width", "4", "--epochs", "1"]
    let result = try train("unet", to: run, options + ["--loss", "l1"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("--loss"))
    #expect(try configuration(run).options.loss == .l1)
    let table = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8)
    let columns = table.prefix { $0 != "\n" }.split(separator: ",")
    #expect(columns.contains("l1") && !columns.contains("mse"))
    let (again, recipe, plain) = (folder.path + "/again", folder.path + "/recipe", folder.path + "/plain")
    let file = ["--config", run + "/config.json", "--out"]
    #expect(try RecolorProcess(["train", "unet"] + file + [again]).wait().exitCode == 0)
    #expect(try last(again) == last(run))
    #expect(try RecolorProcess(["train", "unet"] + file + [recipe, "--recipe", "study"]).wait().exitCode == 0)
    #expect(try configuration(recipe).options.loss == .mse)
    // The study's loss is no difference from its recipe.
    let named = try train("unet", to: plain, options + ["--loss", "mse"])
    #expect(named.exitCode == 0 && !named.errorOutput.contains("--loss"), "\(named.errorOutput)")
    #expect(try last(plain) != last(run))
  }

  @Test("A recipe on the command line replaces the settings of a file that it changes", arguments: ["quick", "best"])
  func aRecipeReplacesTheSettingsOfAFileThatItChanges(name: String) throws {
    let recipe = try #require(Recipe(rawValue: name))
    let file = folder.path + "/run.yaml"
    try """
    data: scenes
    device: cpu
    width: 4
    epochs: 3
    train-images: 64
    validation-images: 8
    steps: 1
    learning-rate-decay: 0.5
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let result = try RecolorProcess.run("train", "unet", "--config", file, "--recipe=\(name)", "--out", run)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let settings = recipe.settings(for: .unet)
    let configuration = try configuration(run)
    #expect(configuration.options == settings.options)
    // Best has the study's width and epochs, quick those of its own.
    #expect(configuration.model.width == (recipe == .quick ? settings.width : 4))
    #expect(configuration.epochs == (recipe == .quick ? settings.epochs : 3))
    #expect(configuration.trainImages == 64)
  }

  @Test("Help derives the defaults from the recipes")
  func helpDerivesTheDefaultsFromTheRecipes() throws {
    let help = try RecolorProcess.run("train", "--help").output.split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    let (study, quick) = (Recipe.study.settings(for: .gan), Recipe.quick.settings(for: .gan))
    #expect(help.contains("\(study.width), of the recipe quick \(quick.width)"))
    for recipe in Recipe.allCases { #expect(help.contains(recipe.rawValue)) }
  }

  @Test("The network follows the weights of --init, and the run repeats from its config.json")
  func theNetworkFollowsTheWeights() throws {
    // Those of another seed than the run's.
    try UntrainedWeights.write(to: weights, seed: 2)
    let result = try train("unet", to: run, ["--init", weights])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    for line in [
      "recolor: from \(weights): width 4, rgb, transposed, size 32",
      "recolor: the study's recipe, except for --batch-size: 20 epochs, batches of 8",
    ] {
      #expect(result.errorLines.contains { $0 == line }, "\(result.errorOutput)")
    }
    let configuration = try configuration(run)
    #expect(configuration.model == (try ModelConfiguration(kind: .unet, width: 4)))
    #expect(configuration.initialWeights?.name == weights)

    let plain = folder.path + "/plain"
    #expect(try train("unet", to: plain, ["--width", "4", "--seed", "1"]).exitCode == 0)
    #expect(try self.configuration(plain).initialWeights == nil)
    #expect(try last(plain) != last(run))

    let again = folder.path + "/again"
    let repeated = try RecolorProcess.run("train", "--config", run + "/config.json", "--out", again)
    #expect(repeated.exitCode == 0, "\(repeated.errorOutput)")
    #expect(repeated.errorOutput.contains("the options of \(run)/config.json: "), "\(repeated.errorOutput)")
    #expect(!repeated.errorOutput.contains("except for"), "\(repeated.errorOutput)")
    #expect(try self.configuration(again) == configuration)
    #expect(try last(again) == last(run))

    // Other weights under the name would not repeat the run.
    try UntrainedWeights.write(to: weights, seed: 3)
    let other = folder.path + "/other"
    let refused = try RecolorProcess.run("train", "--config", run + "/config.json", "--out", other)
    #expect(refused.exitCode == 1 && refused.errorLines.count == 1, "\(refused.errorOutput)")
    #expect(refused.errorOutput.contains("SHA-256"))
    // The command line's weights take the place of the file's.
    let replaced = try RecolorProcess.run(
      "train", "--config", run + "/config.json", "--init", weights, "--out", other)
    #expect(replaced.exitCode == 0, "\(replaced.errorOutput)")
    #expect(try last(other) != last(run))
  }

  @Test("A run's folder stands for its weights, in a file of options as well")
  func aRunsFolderStandsForItsWeights() throws {
    #expect(try train("unet", to: run, ["--width", "4"]).exitCode == 0)
    let file = folder.path + "/options.yaml"
    try "init: \(run)\ndata: scenes\ntrain-images: 64\nvalidation-images: 8\nsteps: 1\ndevice: cpu\n"
      .write(toFile: file, atomically: true, encoding: .utf8)
    let second = folder.path + "/second"
    let result = try RecolorProcess.run("train", "unet", "--config", file, "--out", second)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let weights = try Checkpoint(reading: RunDirectory(opening: URL(filePath: run)).best)
    #expect(try configuration(second).initialWeights == InitialWeights(name: run, of: weights))
  }

  @Test(
    "Weights of another network are refused in one line",
    arguments: [
      ("unet", ["--width", "8"], "--width 4, not 8"), ("unet", ["--color-space", "lab"], "--color-space rgb, not lab"),
      ("unet", ["--upsampling", "nearest"], "--upsampling transposed, not nearest"), ("gan", [], "of a unet"),
    ])
  func weightsOfAnotherNetworkAreRefusedInOneLine(model: String, options: [String], named: String) throws {
    try UntrainedWeights.write(to: weights)
    let result = try train(model, to: run, ["--init", weights] + options)
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("--init \(weights): ") && result.errorOutput.contains(named))
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  @Test("Wrong weights are refused before the photographs are read")
  func wrongWeightsAreRefusedFirst() throws {
    try UntrainedWeights.write(to: weights)
    let result = try RecolorProcess.run(
      "train", "unet", "--init", weights, "--width", "8", "--data", folder.path + "/nothing", "--out", run, "--device",
      "cpu")
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("--init \(weights): "), "\(result.errorOutput)")
  }

  /// Saves of a network of its width are large, and take a second or two.
  @Test("A run starts from a built-in model")
  func aRunStartsFromABuiltInModel() throws {
    let photo = try Checkpoint(.photo)
    let kind = photo.configuration.kind.rawValue
    let result = try RecolorProcess.run(
      "train", kind, "--init", "builtin:photo", "--size", "32", "--data", "scenes", "--out", run, "--device", "cpu",
      "--batch-size", "2", "--train-images", "2", "--validation-images", "0", "--steps", "1")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("recolor: from builtin:photo: width \(photo.configuration.width), "))
    let configuration = try configuration(run)
    #expect(configuration.model == photo.configuration)
    #expect(configuration.initialWeights == (try InitialWeights(name: "builtin:photo", of: photo)))
  }

  @Test(
    "An option that a resumed run does not take says where to change it",
    arguments: [
      (["--device", "cpu"], "change \"device\" there"),
      (["--no-flips"], "--config runs/old/config.json, --no-flips and --out"),
    ])
  func resumedRunsSayWhereToChangeAnOption(options: [String], advice: String) throws {
    let result = try RecolorProcess(["train", "unet", "--resume", "runs/old"] + options).wait()
    #expect(result.exitCode == 64 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains(advice), "\(result.errorOutput)")
  }

  @Test("A batch that is too large says what fits")
  func aBatchThatIsTooLargeSaysWhatFits() throws {
    let result = try RecolorProcess.run(
      "train", "unet", "--data", "scenes", "--out", run, "--device", "cpu", "--width", "4", "--train-images", "10",
      "--batch-size", "64")
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("use --batch-size 10 or less"), "\(result.errorOutput)")
  }

  @Test("Missing weights are named")
  func missingWeightsAreNamed() throws {
    let result = try train("unet", to: run, ["--init", weights])
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains(weights))
  }
}
