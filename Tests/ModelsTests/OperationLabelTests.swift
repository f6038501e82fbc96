import Runtime
import TestSupport
import Testing

@testable import Models

/// The purposes of a step's operations.
@Suite("Labels of operations")
struct OperationLabelTests {
  private static func plan(
    _ kind: ModelKind, _ replicas: Replicas = .one, isBeyond: Bool = false
  ) throws -> StepPlan {
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    if isBeyond {
      options.spectralNorm = kind == .gan
      options.averageDecay = 0.9
    }
    return StepPlan(
      try ModelConfiguration(kind: kind, width: 4), options: options, replicas: replicas,
      images: DeviceImages(count: 8, height: 32, width: 32), trainingCount: 8, validationCount: 8)
  }

  /// The network of a label, whose name a part begins with.
  private static func parameters(of label: OperationLabel, in plan: StepPlan) -> ParameterSet? {
    plan.step.networks.first { label.part?.hasPrefix($0.name) == true }?.network.parameters
  }

  @Test("Every convolution and batch norm has the names of its layer, in both passes", arguments: ModelKind.allCases)
  func passes(_ kind: ModelKind) throws {
    let plan = try Self.plan(kind)
    var found: [OperationLabel: Set<Pass>] = [:]
    for labeled in plan.stepBuilder.labeled {
      let name = type(of: labeled.operation).name
      guard labeled.operation is any ConvolutionOperation || name == BatchNormalizationForward.name else { continue }
      found[labeled.label, default: []].insert(labeled.operation.pass)
    }
    let parts =
      ["generator"] + (kind == .gan ? ["discriminator real", "discriminator fake", "discriminator judge"] : [])
    var expected: [OperationLabel: Set<Pass>] = [:]
    for part in parts {
      let parameters = try #require(plan.step.networks.first { part.hasPrefix($0.name) }?.network.parameters.parameters)
      // The first convolution's input is data, except where the discriminator judges what the generator made.
      let first = part == "discriminator judge" ? nil : parameters[0].name
      for parameter in parameters where parameter.name.hasSuffix(".weight") {
        let label = OperationLabel(String(parameter.name.dropLast(".weight".count)), in: part)
        if parameter.layout == .vector {
          expected[label] = [.forward, .backward]
        } else {
          expected[label] = [.forward]
          if part != "discriminator judge" { expected[label]?.insert(.backwardFilter) }
          if parameter.name != first { expected[label]?.insert(.backwardData) }
        }
      }
    }
    #expect(found == expected)
  }

  /// Checks that operations of a layer read and write no other layer's parameters. Returns how many tensors are
  /// parameters or their gradients.
  private static func check(_ plan: StepPlan) throws -> Int {
    var count = 0
    for labeled in plan.stepBuilder.labeled where labeled.label.part != nil {
      let set = try #require(parameters(of: labeled.label, in: plan), "\(labeled.label)")
      let vectors = [set.values, set.gradients] + set.partialGradients
      for tensor in labeled.operation.reads + labeled.operation.writes {
        guard vectors.contains(where: { $0 === tensor.storage }) else { continue }
        let parameter = set.parameters.first { $0.isTrained && $0.offset == tensor.offset }
        let name = try #require(parameter?.name)
        #expect(name.hasPrefix(labeled.label.layer + "."), "\(labeled.operation.title) of \(labeled.label): \(name)")
        count += 1
      }
    }
    return count
  }

  @Test("Operations of a layer touch its parameters alone", arguments: ModelKind.allCases, [false, true])
  func parameters(of kind: ModelKind, isBeyond: Bool) throws {
    let one = try Self.check(Self.plan(kind, isBeyond: isBeyond))
    #expect(one > 150)
    for isSynchronized in [false, true] {
      let replicas = Replicas(count: 4, synchronizingBatchNorm: isSynchronized)
      #expect(try Self.check(Self.plan(kind, replicas, isBeyond: isBeyond)) > 3 * one)
      // On several ranks, sums of gradients are inserted between the operations of layers.
      let counts = try InProcessRanks.run(2) { ranks in
        let replicas = Replicas(count: 4, over: ranks, synchronizingBatchNorm: isSynchronized)
        return try Self.check(Self.plan(kind, replicas, isBeyond: isBeyond))
      }
      #expect(counts.allSatisfy { $0 > one })
    }
  }

  @Test("What is beside the networks has names of its own")
  func beside() throws {
    func names(_ plan: StepPlan) -> [String] {
      var names: [String] = []
      for labeled in plan.stepBuilder.labeled where labeled.label.part == nil {
        if !names.contains(labeled.label.layer) { names.append(labeled.label.layer) }
      }
      return names
    }
    #expect(try names(Self.plan(.unet)) == ["batch", "loss, mse", "Adam, generator"])
    #expect(
      try names(Self.plan(.gan, isBeyond: true)) == [
        "batch", "loss, d_real", "loss, d_fake", "Adam, discriminator", "loss, g_adversarial", "loss, g_l1",
        "Adam, generator", "average of the weights",
      ])
    #expect(
      try names(Self.plan(.unet, Replicas(count: 2, synchronizingBatchNorm: true))) == [
        "sums over replicas, generator", "batch", "batch norms over replicas", "loss, mse", "Adam, generator",
      ])
  }
}
