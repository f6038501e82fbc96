import Data
import Foundation
@testable import Models
import Runtime
import TestSupport
import Testing

/// Options beyond the study's recipe, in whole steps and whole runs.
@Suite("Recipes", .serialized)
struct RecipeTests {
  /// Everything at once.
  private static func options(for kind: ModelKind) -> TrainingOptions {
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    options.horizontalFlips = true
    options.averageDecay = 0.9
    if kind == .unet { options.loss = .l1 }
    options.spectralNorm = kind == .gan
    options.discriminatorLearningRate = kind == .gan ? 1e-4 : nil
    return options
  }

  private static func configuration(_ kind: ModelKind, on backend: any Backend) throws -> RunConfiguration {
    var configuration = try SmallRun.configuration(kind, on: backend)
    configuration.model = try ModelConfiguration(kind: kind, width: 4, colorSpace: .lab)
    configuration.options = options(for: kind)
    configuration.options.rebalancing = 0.5
    return configuration
  }

  @Test(
    "A run with every option that is resumed ends with the same bits", arguments: TestBackends.available,
    ModelKind.allCases)
  func resumes(device: TestBackends, kind: ModelKind) throws {
    let backend = try device.make()
    let dataset = try SmallRun.dataset()
    let configuration = try Self.configuration(kind, on: backend)
    let whole = try SmallRun.withFolder { folder in
      let run = try TrainingRun(configuration, in: folder, dataset: dataset, on: backend)
      _ = try run.train { false }
      return try (SmallRun.contents(of: run.directory.state), SmallRun.contents(of: run.directory.last))
    }
    let resumed = try SmallRun.withFolder { folder in
      var polls = 0
      do {
        // It holds the folder's lock for as long as it is there.
        let first = try TrainingRun(configuration, in: folder, dataset: dataset, on: backend)
        let outcome = try first.train {
          polls += 1
          return polls == 7
        }
        #expect(outcome == .stopped)
      }
      let second = try TrainingRun(resuming: folder, dataset: dataset, on: backend)
      #expect(try second.train { false } == .finished)
      return try (SmallRun.contents(of: second.directory.state), SmallRun.contents(of: second.directory.last))
    }
    #expect(whole.0 == resumed.0)
    #expect(whole.1 == resumed.1)
  }

  @Test("Weights files hold the average, and the state the weights beside it")
  func average() throws {
    let backend = try TestBackends.cpu.make()
    try SmallRun.withFolder { folder in
      let run = try TrainingRun(
        Self.configuration(.unet, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
      _ = try run.train { false }
      let name = "encoding_unit1.0.weight"
      let state = try SmallRun.contents(of: run.directory.state)
      let saved = try SmallRun.contents(of: run.directory.last)
      #expect(saved[name] == state["generator_average.value.\(name)"])
      #expect(saved[name] != state["generator.value.\(name)"])
    }
  }

  /// The average after a step is decay · before + (1 − decay) · weights, with the decay of a young average.
  @Test("The average follows the weights", arguments: TestBackends.available)
  func averages(device: TestBackends) throws {
    let backend = try device.make()
    let trainer = try SmallTrainer.make(
      .unet, options: Self.options(for: .unet), on: backend)
    let name = "decoding_unit5.0.weight"
    var expected = try #require(try Self.value(name, in: "generator_average", of: trainer, on: backend))
    for step in 1...3 {
      try trainer.step(first: 8 * (step - 1))
      let weights = try #require(try Self.value(name, in: "generator", of: trainer, on: backend))
      let decay = min(0.9, Float(1 + step) / Float(10 + step))
      expected = zip(expected, weights).map { decay * $0 + (1 - decay) * $1 }
    }
    let average = try #require(try Self.value(name, in: "generator_average", of: trainer, on: backend))
    #expect(relativeError(average, expected) < 1e-5)
  }

  private static func value(
    _ parameter: String, in network: String, of trainer: Trainer, on backend: any Backend
  ) throws -> [Float]? {
    guard let parameters = trainer.networks.first(where: { $0.name == network })?.network.parameters,
      let parameter = parameters.parameters.first(where: { $0.name == parameter })
    else { return nil }
    return try backend.floats(of: parameters.value(of: parameter))
  }

  @Test(
    "The loss of colors and its gradient are as many times larger as the colors' weights",
    arguments: TestBackends.available, ModelKind.allCases)
  func rebalancing(device: TestBackends, kind: ModelKind) throws {
    let backend = try device.make()
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    func step(weight: Float?) throws -> (loss: Float, parameters: [Float]) {
      options.rebalancing = weight == nil ? 0 : 1
      let rarity = weight.map {
        ColorRarity(weights: Array(repeating: $0, count: ColorRarity.gridSize * ColorRarity.gridSize))
      }
      let trainer = try SmallTrainer.make(kind, options: options, colorSpace: .lab, rarity: rarity, on: backend)
      try trainer.step(first: 0)
      let parameters = try Self.value("decoding_unit5.0.weight", in: "generator", of: trainer, on: backend)
      return (try trainer.losses()[trainer.colorLoss], try #require(parameters))
    }
    let (plain, once, thrice) = try (step(weight: nil), step(weight: 1), step(weight: 3))
    #expect(abs(once.loss / plain.loss - 1) < 1e-5 && abs(thrice.loss / plain.loss - 3) < 1e-5)
    #expect(relativeError(once.parameters, plain.parameters) < 1e-5)
    // The weights of a loss are another λ.
    guard kind == .gan else { return }
    options.l1Weight *= 3
    #expect(try relativeError(thrice.parameters, step(weight: nil).parameters) < 1e-5)
  }

  @Test("Rebalancing in RGB, and out of its range, is refused before anything is written")
  func refusedRebalancing() throws {
    let backend = try TestBackends.cpu.make()
    let dataset = try SmallRun.dataset()
    for (space, strength) in [(ColorSpace.rgb, Float(0.5)), (.lab, -0.5), (.lab, 1.5), (.lab, .nan)] {
      var configuration = try SmallRun.configuration(.unet, on: backend)
      configuration.model.colorSpace = space
      configuration.options.rebalancing = strength
      try SmallRun.withFolder { folder in
        #expect(throws: RunError.self) {
          try TrainingRun(configuration, in: folder, dataset: dataset, on: backend)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path))
      }
    }
  }

  @Test("A discriminator of its own learning rate moves as fast as that says")
  func learningRates() throws {
    let backend = try TestBackends.cpu.make()
    var options = TrainingOptions(recipeFor: .gan)
    options.batchSize = 8
    options.discriminatorLearningRate = 5e-4
    let trainer = try SmallTrainer.make(.gan, options: options, on: backend)
    // Adam's first step moves a parameter with a gradient by its learning rate.
    for (network, rate) in [("generator", Float(2e-4)), ("discriminator", 5e-4)] {
      let name = network == "generator" ? "decoding_unit5.0.bias" : "unit1.0.bias"
      let before = try #require(try Self.value(name, in: network, of: trainer, on: backend))
      try trainer.step(first: 0)
      let after = try #require(try Self.value(name, in: network, of: trainer, on: backend))
      let moved = zip(before, after).map { abs($0 - $1) }
      #expect(moved.allSatisfy { $0 < 1.2 * rate })
      #expect(moved.contains { $0 > 0.5 * rate })
      trainer.learningRate = options.learningRate
    }
  }

  @Test("Half of the images are flipped, others in another epoch or with another seed")
  func flips() {
    let flips = Shuffle.horizontalFlips(count: 1000, epoch: 3, seed: 5)
    #expect(flips.count == 1000)
    #expect((450...550).contains(flips.count { $0 }))
    #expect(flips == Shuffle.horizontalFlips(count: 1000, epoch: 3, seed: 5))
    #expect(flips != Shuffle.horizontalFlips(count: 1000, epoch: 4, seed: 5))
    #expect(flips != Shuffle.horizontalFlips(count: 1000, epoch: 3, seed: 6))
  }

  @Test("A CIELAB model's colors keep the photograph's lightness", arguments: TestBackends.available)
  func keepsLightness(device: TestBackends) throws {
    let backend = try device.make()
    let dataset = try SmallRun.dataset(count: 32)
    let trainer = try SmallTrainer.make(
      .gan, options: Self.options(for: .gan), colorSpace: .lab, on: backend)
    try trainer.step(first: 0)
    var worst: Float = 0
    try trainer.predictor.forEachBatch { first, count, colors in
      for pixel in stride(from: 0, to: count * 32 * 32, by: 7) {
        let byte = (Int(trainer.predictor.batches.indices[first]) * 32 * 32 + pixel) * 3
        let source = (0..<3).map { Float(dataset.bytes[byte + $0]) / 255 }
        let made = (0..<3).map { colors[3 * pixel + $0] }
        // Where sRGB has no such color, clipping moves its lightness.
        guard made.allSatisfy({ $0 > 0.001 && $0 < 0.999 }) else { continue }
        worst = max(worst, abs(Self.lightness(source) - Self.lightness(made)))
      }
    }
    #expect(worst < 0.01)
  }

  /// L* of CIELAB, from the formula of the relative luminance of sRGB.
  private static func lightness(_ color: [Float]) -> Float {
    let linear = color.map { $0 > 0.04045 ? pow(($0 + 0.055) / 1.055, 2.4) : $0 / 12.92 }
    let luminance = 0.212671 * linear[0] + 0.715160 * linear[1] + 0.072169 * linear[2]
    return luminance > 216.0 / 24389 ? 116 * cbrt(luminance) - 16 : 24389.0 / 27 * luminance
  }

  @Test("The study's recipe is the default of a model and of its training", arguments: ModelKind.allCases)
  func study(kind: ModelKind) throws {
    let settings = Recipe.study.settings(for: kind)
    #expect(settings.options == TrainingOptions(recipeFor: kind))
    let model = try ModelConfiguration(kind: kind)
    #expect(settings.width == model.width && settings.upsampling == model.upsampling)
    #expect(settings.colorSpace == model.colorSpace)
    #expect(!Recipe.study.changes(\.self, for: kind))
  }

  @Test("Recipes train, and quick is smaller and shorter than the study", arguments: ModelKind.allCases)
  func recipes(kind: ModelKind) throws {
    for recipe in Recipe.allCases {
      let settings = recipe.settings(for: kind)
      #expect(ModelConfiguration.widths.contains(settings.width) && settings.epochs > 0)
      var configuration = try SmallRun.configuration(kind, on: TestBackends.cpu.make())
      configuration.set(settings)
      try configuration.validate(for: SmallRun.dataset())
      #expect(configuration.model.width == settings.width && configuration.epochs == settings.epochs)
      #expect(configuration.model.colorSpace == settings.colorSpace && configuration.options == settings.options)
    }
    let (study, quick) = (Recipe.study.settings(for: kind), Recipe.quick.settings(for: kind))
    #expect(quick.width < study.width && quick.epochs < study.epochs)
    #expect(Recipe.quick.changes(\.width, for: kind) && !Recipe.best.changes(\.width, for: kind))
    #expect(Recipe.best.changes(\.options, for: kind))
  }

  @Test("Options that older files lack are the study's")
  func olderFiles() throws {
    let text = #"{"batchSize":64,"l1Weight":100,"learningRate":0.0002,"learningRateDecay":1,"seed":1}"#
    let options = try JSONDecoder().decode(TrainingOptions.self, from: Data(text.utf8))
    #expect(options == TrainingOptions(recipeFor: .gan))
    let model = #"{"kind":"gan","width":16,"upsampling":"transposed"}"#
    let configuration = try JSONDecoder().decode(ModelConfiguration.self, from: Data(model.utf8))
    #expect(try configuration == ModelConfiguration(kind: .gan, width: 16))
  }
}
