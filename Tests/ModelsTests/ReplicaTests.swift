import Runtime
import TestSupport
import Testing

@testable import Models

/// Training steps whose batch is split over replicas.
@Suite("Replicas")
struct ReplicaTests {
  /// Recipes with everything that a step may have.
  static let recipes: [(ModelKind, TrainingOptions)] = ModelKind.allCases.map { kind in
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    options.averageDecay = 0.9
    options.spectralNorm = kind == .gan
    return (kind, options)
  }

  /// The gradients and running statistics after one step in which no weights change, and the losses.
  private static func firstStep(
    _ kind: ModelKind, _ recipe: TrainingOptions, batchSize: Int, replicas: Replicas = .one, first: Int,
    on backend: any Backend
  ) throws -> (gradients: [[Float]], statistics: [[Float]], generatorStatistics: Int, losses: [Float]) {
    var options = recipe
    options.batchSize = batchSize
    let trainer = try SmallTrainer.make(kind, options: options, replicas: replicas, on: backend)
    trainer.learningRate = 0
    try trainer.step(first: first)
    let sets = trainer.networks.filter { $0.name != "generator_average" }.map(\.network.parameters)
    let trained = sets.flatMap { set in set.parameters.filter(\.isTrained).map { set.gradient(of: $0) } }
    let tracked = sets.flatMap { set in set.parameters.filter { !$0.isTrained }.map { set.value(of: $0) } }
    return (
      try trained.map { try backend.floats(of: $0) }, try tracked.map { try backend.floats(of: $0) },
      sets[0].parameters.count { !$0.isTrained },
      try trainer.losses()
    )
  }

  /// Returns the sum by a binary tree, neighbors first.
  private static func tree(_ terms: [[Float]]) -> [Float] {
    guard terms.count > 1 else { return terms[0] }
    return tree(stride(from: 0, to: terms.count, by: 2).map { zip(terms[$0], terms[$0 + 1]).map(+) })
  }

  @Test(
    "Gradients and running statistics are tree sums of the parts', to the last bit", arguments: recipes,
    TestBackends.available)
  func sums(of recipe: (ModelKind, TrainingOptions), on backend: TestBackends) throws {
    let backend = try backend.make()
    let (kind, options) = recipe
    for count in [2, 4] {
      let whole = try Self.firstStep(
        kind, options, batchSize: 8, replicas: Replicas(count: count), first: 8, on: backend)
      let parts = try (0..<count).map { part in
        try Self.firstStep(kind, options, batchSize: 8 / count, first: 8 + part * 8 / count, on: backend)
      }
      let share = 1 / Float(count)
      // The gradients of weights that are divided by their spectral norms are those of the sum.
      if !options.spectralNorm {
        for (index, gradient) in whole.gradients.enumerated() {
          #expect(gradient == Self.tree(parts.map { $0.gradients[index] }).map { $0 * share })
        }
      }
      for (index, statistics) in whole.statistics.enumerated() {
        let expected = Self.tree(parts.map { $0.statistics[index] }).map { $0 * share }
        if index < whole.generatorStatistics {
          #expect(statistics == expected)
        } else {
          // The mean of the discriminator's is taken twice in a step.
          #expect(relativeError(statistics, expected) < 1e-6)
        }
      }
      #expect(whole.losses == parts.flatMap(\.losses))
    }
  }

  @Test("A rank trains on its part of each batch, in order")
  func localPart() throws {
    let order = (0..<32).map { UInt32($0) }
    let parts = try InProcessRanks.run(2) { ranks in
      Replicas(count: 4, over: ranks).local(Array(order.prefix(18)), batchSize: 8)
    }
    #expect(parts == [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]])
    #expect(Replicas(count: 4).local(order, batchSize: 8) == order)
  }

  @Test("Means of losses are those of a tree in double precision")
  func means() {
    #expect(Replicas.one.means(of: [1, 2.5]) == [1, 2.5])
    #expect(Replicas(count: 4).means(of: [1, 10, 2, 20, 3, 30, 4, 40]) == [2.5, 25])
  }

  @Test("A step of one replica consists of the same operations as ever", arguments: ModelKind.allCases)
  func one(_ kind: ModelKind) throws {
    let plan = try StepPlan(ModelConfiguration(kind: kind, width: 4), height: 32, width: 32, batchSize: 8)
    #expect(!plan.trainingOperations.contains { $0 is ScaledSum })
  }

  @Test("One replica with synchronized batch norms does what one without does", arguments: ModelKind.allCases)
  func oneSynchronized(_ kind: ModelKind) throws {
    let (plain, synchronized) = try (
      Self.plan(kind, Replicas.one), Self.plan(kind, Replicas(count: 1, synchronizingBatchNorm: true))
    )
    #expect(plain.trainingOperations.map(\.title) == synchronized.trainingOperations.map(\.title))
    #expect(!synchronized.trainingOperations.contains { $0 is MomentsJoin || $0 is BatchNormalizationGradientMeans })
  }

  /// Three quarters of the batch change places, so that each replica has other images.
  @Test("Which replica has an image does not matter with synchronized batch norms", arguments: recipes)
  func order(of recipe: (ModelKind, TrainingOptions)) throws {
    let backend = try TestBackends.cpu.make()
    func gradients(_ order: [UInt32], synchronizingBatchNorm: Bool) throws -> [[Float]] {
      let trainer = try SmallTrainer.make(
        recipe.0, options: recipe.1, replicas: Replicas(count: 4, synchronizingBatchNorm: synchronizingBatchNorm),
        on: backend)
      trainer.learningRate = 0
      try trainer.setOrder(order)
      try trainer.step(first: 0)
      let set = trainer.networks[0].network.parameters
      return try set.parameters.filter(\.isTrained).map { try backend.floats(of: set.gradient(of: $0)) }
    }
    func largestError(synchronizingBatchNorm: Bool) throws -> Float {
      let found = try [[0, 1, 2, 3, 4, 5, 6, 7], [4, 1, 6, 3, 2, 7, 0, 5]].map {
        try gradients($0, synchronizingBatchNorm: synchronizingBatchNorm)
      }
      return zip(found[0], found[1]).map { relativeError($0, $1) }.max() ?? .infinity
    }
    #expect(try largestError(synchronizingBatchNorm: true) < 1e-3)
    #expect(try largestError(synchronizingBatchNorm: false) > 1e-2)
  }

  private static func plan(_ kind: ModelKind, _ replicas: Replicas) throws -> StepPlan {
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 16
    return StepPlan(
      try ModelConfiguration(kind: kind, width: 4), options: options, replicas: replicas,
      images: DeviceImages(count: 16, height: 32, width: 32), trainingCount: 16, validationCount: 16)
  }

  @Test("Replicas need the activations of one part of the batch, or of the generator's of all")
  func memory() throws {
    let backend = try TestBackends.cpu.make()
    func arena(_ kind: ModelKind, replicas: Int, synchronizingBatchNorm: Bool = false) throws -> Int {
      let replicas = Replicas(count: replicas, synchronizingBatchNorm: synchronizingBatchNorm)
      return try PlanCompiler(backend: backend).memory(for: Self.plan(kind, replicas).builders).arena
    }
    #expect(try arena(.unet, replicas: 4) < arena(.unet, replicas: 1) / 3)
    #expect(try arena(.gan, replicas: 4) < arena(.gan, replicas: 1))
    // In lockstep they need those of the whole batch.
    for kind in ModelKind.allCases {
      let (one, four) = try (arena(kind, replicas: 1), arena(kind, replicas: 4, synchronizingBatchNorm: true))
      #expect(four > one / 2 && four < one + one / 4, "\(one) and \(four) bytes")
    }
  }
}
