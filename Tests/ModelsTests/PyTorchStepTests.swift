import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// Whole training steps of both models against PyTorch in double precision, on every backend.
@Suite("Training steps against PyTorch")
struct PyTorchStepTests {
  static let tolerance: Float = 1e-4

  @Test("Parameters have PyTorch's names and shapes", arguments: PyTorchRun.all)
  func names(of run: String) throws {
    let run = try PyTorchRun(run)
    let step = run.configuration.kind.trainingStep.init(run.configuration, run.options)
    for (name, network) in step.networks {
      let state = try run.vectors.named("\(name) initial")
      let parameters = network.parameters.parameters
      #expect(Set(parameters.map(\.name)) == state.tensorNames)
      for parameter in parameters { #expect(parameter.fileShape == (try state.shape(of: parameter.name))) }
    }
  }

  @Test("The first step's outputs", arguments: PyTorchRun.all, TestBackends.withEveryProduct)
  func outputs(of run: String, on backend: TestBackends) throws {
    try expectOutputs(of: try PyTorchRun(run), on: try backend.make())
  }

  /// Batch norms over all replicas: as many as `count` do what one does.
  @Test(
    "The first step's outputs, of replicas with synchronized batch norms", arguments: PyTorchRun.wholeBatches, [2, 4])
  func synchronizedOutputs(of run: String, replicas count: Int) throws {
    let run = try PyTorchRun(run, replicas: Replicas(count: count, synchronizingBatchNorm: true))
    for backend in TestBackends.available { try expectOutputs(of: run, on: try backend.make()) }
  }

  private func expectOutputs(of run: PyTorchRun, on backend: any Backend) throws {
    let plan = try run.plan(on: backend)
    let outputs = plan.trainingOperations.lossInputs
    // During a step the memory of its outputs is reused.
    for output in outputs { plan.stepBuilder.keep(output) }
    try plan.allocate(on: backend)
    try plan.initialize(on: backend)
    for (name, network) in plan.step.networks {
      try run.set(network.parameters, of: name, to: "initial", on: backend)
    }
    try run.setOrder(of: plan, on: backend)
    plan.adam.step.value = 1
    try plan.compile(on: backend).step.run()

    let expected = try run.vectors.named("step 1")
    // The tensors that a part of the step computes of each replica before the next part begins.
    let parts =
      run.configuration.kind == .unet
      ? [["prediction"]] : [["real_logits", "fake_logits"], ["generator_logits", "prediction"]]
    let count = run.replicas.count
    let names =
      run.replicas.synchronizesBatchNorm
      ? parts.joined().flatMap { Array(repeating: $0, count: count) }
      : parts.flatMap { Array(repeating: $0, count: count).joined() }
    try #require(outputs.count == names.count && expected.tensorNames == Set(names))
    var found: [String: [Float]] = [:]
    for (output, name) in zip(outputs, names) { found[name, default: []] += try backend.elements(of: output) }
    for (name, values) in found {
      let error = relativeError(values, try expected.values(name))
      #expect(error <= Self.tolerance, "\(name): relative error \(error)")
    }
  }

  @Test("Gradients, losses, statistics and parameters", arguments: PyTorchRun.all, TestBackends.withEveryProduct)
  func training(of run: String, on backend: TestBackends) throws {
    try expectTraining(of: try PyTorchRun(run), on: try backend.make())
  }

  @Test(
    "Gradients, losses, statistics and parameters, of replicas with synchronized batch norms",
    arguments: PyTorchRun.wholeBatches, [2, 4])
  func synchronizedTraining(of run: String, replicas count: Int) throws {
    let run = try PyTorchRun(run, replicas: Replicas(count: count, synchronizingBatchNorm: true))
    for backend in TestBackends.withEveryProduct { try expectTraining(of: run, on: try backend.make()) }
  }

  private func expectTraining(of run: PyTorchRun, on backend: any Backend) throws {
    let trainer = try run.trainer(on: backend)
    var losses = [[Float]](repeating: [], count: trainer.lossNames.count)
    for step in 0..<run.stepCount {
      try trainer.step(first: step * run.options.batchSize)
      let means = run.replicas.means(of: try trainer.takeLosses())
      for (slot, loss) in means.enumerated() { losses[slot].append(Float(loss)) }
      guard step == 0 else { continue }
      for (name, network) in trainer.networks where name != "generator_average" {
        let parameters = network.parameters
        try expectGradients(of: parameters, try run.vectors.named("\(name) gradient"), on: backend)
        try expectValues(
          of: parameters.parameters.filter { !$0.isTrained }, in: parameters,
          try run.vectors.named("\(name) after 1"), on: backend)
      }
    }
    let expected = try run.vectors.named("losses")
    let names =
      run.configuration.kind == .unet ? ["loss"] : ["real_loss", "fake_loss", "adversarial_loss", "l1_loss"]
    try #require(losses.count == names.count && expected.tensorNames == Set(names))
    for (found, name) in zip(losses, names) {
      // Each step's loss by itself: a large one must not hide a small one's error.
      for (step, values) in zip(found, try expected.values(name, as: Float.self)).enumerated() {
        let error = relativeError([values.0], [values.1])
        #expect(error <= Self.tolerance, "\(name) of step \(step + 1): relative error \(error)")
      }
    }
    for (name, network) in trainer.networks {
      try expectValues(
        of: network.parameters.parameters, in: network.parameters,
        try run.vectors.named("\(name) after \(run.stepCount)"), on: backend)
    }
  }

  @Test("Weights that PyTorch wrote color as in PyTorch", arguments: PyTorchRun.all, TestBackends.withEveryProduct)
  func pyTorchWeights(of run: String, on backend: TestBackends) throws {
    let run = try PyTorchRun(run)
    let backend = try backend.make()
    let folder = try TemporaryFolder()
    let url = URL(fileURLWithPath: folder.path).appendingPathComponent("weights.safetensors")
    try run.writeStateDictionary(of: "generator", at: "after \(run.stepCount)", to: url)
    let kind = run.configuration.kind
    let upsampling = run.configuration.upsampling
    if upsampling != .transposed {
      // A file of PyTorch's does not say how the two upsamplings without weights differ: they have the same tensors.
      #expect(throws: CheckpointError.unknownUpsampling(path: url.path)) { try Checkpoint(reading: url, kind: kind) }
    }
    let checkpoint = try Checkpoint(reading: url, kind: kind, upsampling: upsampling)
    #expect(checkpoint.configuration == run.configuration)
    let plan = try run.plan(on: backend, replicas: .one)
    try plan.allocate(on: backend)
    try run.setOrder(of: plan, on: backend)
    let prediction = Prediction(
      try checkpoint.load(on: backend), checkpoint.configuration.encoding, plan.validationBatches)
    let plans = try PlanCompiler(backend: backend).compile([prediction.builder])
    try plans[0].run()
    let expected = try run.vectors.named("inference").values("prediction", as: Float.self)
    let error = relativeError(try backend.floats(of: prediction.output), expected)
    #expect(error <= Self.tolerance, "relative error \(error)")
  }

  @Test("Weights trained here are what PyTorch would have saved", arguments: PyTorchRun.all)
  func weightsFile(of run: String) throws {
    let run = try PyTorchRun(run)
    let backend = try TestBackends.cpu.make()
    let trainer = try run.trainer(on: backend)
    for step in 0..<run.stepCount { try trainer.step(first: step * run.options.batchSize) }
    let folder = try TemporaryFolder()
    let url = URL(fileURLWithPath: folder.path).appendingPathComponent("weights.safetensors")
    try Checkpoint.write(trainer.generator, configuration: run.configuration, to: url, on: backend)
    let file = try SafetensorsFile(reading: url)
    let saved = run.options.averageDecay > 0 ? "generator_average" : "generator"
    let expected = try run.vectors.named("\(saved) after \(run.stepCount)")
    #expect(Set(file.tensors.keys) == expected.tensorNames)
    for name in expected.tensorNames {
      let found = try file.values(name, as: Float.self, shape: try expected.shape(of: name))
      let error = relativeError(found, try expected.values(name))
      #expect(error <= Self.tolerance, "\(name): relative error \(error)")
    }
  }

  private func expectGradients(of parameters: ParameterSet, _ expected: VectorCase, on backend: any Backend) throws {
    let names = Set(parameters.parameters.map(\.name))
    for parameter in parameters.parameters where parameter.isTrained {
      // The true gradient of a bias in front of a batch norm is zero: PyTorch's is rounding, and not in the file.
      guard expected.tensorNames.contains(parameter.name) else {
        #expect(parameter.name.isBias(inFrontOfBatchNormAmong: names), "\(parameter.name) has no vector")
        continue
      }
      let found = parameter.fileValues(fromMemory: try backend.floats(of: parameters.gradient(of: parameter)))
      let error = relativeError(found, try expected.values(parameter.name))
      #expect(error <= Self.tolerance, "gradient of \(parameter.name): relative error \(error)")
    }
  }

  private func expectValues(
    of some: [Parameter], in parameters: ParameterSet, _ expected: VectorCase, on backend: any Backend
  ) throws {
    #expect(Set(some.map(\.name)) == expected.tensorNames)
    for parameter in some {
      let error = relativeError(
        try parameters.fileValues(of: parameter, on: backend), try expected.values(parameter.name))
      #expect(error <= Self.tolerance, "\(parameter.name) \(expected.name): relative error \(error)")
    }
  }
}

extension String {
  /// Whether this is `UNIT.N.bias` where `UNIT.N+1` is a batch norm.
  fileprivate func isBias(inFrontOfBatchNormAmong names: Set<String>) -> Bool {
    let parts = split(separator: ".")
    guard parts.count == 3, parts[2] == "bias", let index = Int(parts[1]) else { return false }
    return names.contains("\(parts[0]).\(index + 1).running_mean")
  }
}

extension [any Runtime.Operation] {
  /// The inputs of the losses: predictions and logits.
  fileprivate var lossInputs: [Tensor] {
    compactMap {
      switch $0 {
      case let loss as PixelwiseLoss: loss.prediction
      case let loss as BinaryCrossEntropy: loss.logits
      default: nil
      }
    }
  }
}

extension Backend {
  /// The elements of a tensor that may be a slice of channels, in the order [n, y, x, c].
  fileprivate func elements(of tensor: Tensor) throws -> [Float] {
    let storage = try floats(of: Tensor(storage: tensor.storage, shape: Shape(vector: tensor.storage.count)))
    return (0..<tensor.shape.count).map {
      storage[tensor.offset + $0 / tensor.shape.channels * tensor.pixelStride + $0 % tensor.shape.channels]
    }
  }
}
