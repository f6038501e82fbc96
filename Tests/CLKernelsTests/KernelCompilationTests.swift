import Files
import Foundation
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import CLKernels

/// Kernels that are compiled when the first of the operations that are bound runs.
@Suite("Compilation of kernels", .needsOpenCL, .serialized)
struct KernelCompilationTests {
  private func tensor(_ name: String, _ shape: Shape, on backend: CLBackend) throws -> Tensor {
    let tensor = Tensor(name, shape)
    tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
    return tensor
  }

  private func values(_ tensor: Tensor, on backend: CLBackend) throws -> [Float] {
    var values = [Float](repeating: .nan, count: tensor.shape.count)
    let memory = try #require(tensor.storage.memory)
    try values.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
    return values
  }

  /// Returns what is reported while `body` runs, by its own thread: other tests compile at the same time.
  private func reports(_ body: () throws -> Void) rethrows -> [CompilationProgress] {
    let box = ReportBox()
    let thread = pthread_self()
    CompilationProgress.observe { if pthread_equal(pthread_self(), thread) != 0 { box.add($0) } }
    defer { CompilationProgress.observe(nil) }
    try body()
    return box.all
  }

  private final class ReportBox: Sendable {
    private let reports = Mutex<[CompilationProgress]>([])
    func add(_ report: CompilationProgress) { reports.withLock { $0.append(report) } }
    var all: [CompilationProgress] { reports.withLock { $0 } }
  }

  @Test("All operations that are bound are compiled when the first of them runs, and once only")
  func together() throws {
    let backend = try CLBackend(device: TestBackends.openCLDevice(), cache: nil)
    let output = try tensor("output", Shape(2, 3, 4, 5), on: backend)
    let other = try tensor("other", Shape(2, 3, 4, 5), on: backend)
    let activation = Activation.leakyReLU(slope: 0.5)
    let launches = [
      try backend.launch(Fill(output: output, value: -3)),
      try backend.launch(ActivationForward(input: output, output: other, activation: activation)),
      try backend.launch(Fill(output: output, value: 7)),
    ]
    let first = try reports { try launches[0].run() }
    // Two of the three have the same program.
    #expect(first.last?.done == 2 && first.allSatisfy { $0.total == 2 && $0.done <= 2 })
    let later = try reports { for launch in launches.dropFirst() + [launches[0]] { try launch.run() } }
    #expect(later.isEmpty)
    #expect(try values(other, on: backend) == [Float](repeating: -1.5, count: 120))
    #expect(try values(output, on: backend) == [Float](repeating: -3, count: 120))
  }

  @Test("Compiling ahead changes no memory of the operations")
  func leavesMemoryAlone() throws {
    let backend = try CLBackend(device: TestBackends.openCLDevice(), cache: nil)
    let output = try tensor("output", Shape(vector: 1000), on: backend)
    let before = (0..<1000).map(Float.init)
    let memory = try #require(output.storage.memory)
    try before.withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: 0) }
    let launch = try backend.launch(Fill(output: output, value: 1))
    backend.compileKernels()
    #expect(try values(output, on: backend) == before)
    try launch.run()
    #expect(try values(output, on: backend) == [Float](repeating: 1, count: 1000))
  }

  @Test("A program that does not build is the error of its own operation alone")
  func buildFailure() throws {
    let folder = try TemporaryFolder()
    let embedded = KernelSources(folder: nil)
    try embedded.text(of: "fill.cl").write(toFile: folder.path + "/fill.cl", atomically: true, encoding: .utf8)
    try "kernel void activation_forward() { no_such_name; }"
      .write(toFile: folder.path + "/activation.cl", atomically: true, encoding: .utf8)
    let backend = try CLBackend(
      device: TestBackends.openCLDevice(), sources: KernelSources(folder: folder.path), cache: nil)
    let output = try tensor("output", Shape(vector: 8), on: backend)
    let broken = try backend.launch(ActivationForward(input: output, output: output, activation: .tanh))
    let fill = try backend.launch(Fill(output: output, value: 2))
    try fill.run()
    #expect(try values(output, on: backend) == [Float](repeating: 2, count: 8))
    for _ in 0..<2 {
      let error = #expect(throws: BackendError.self) { try broken.run() }
      #expect(error?.description.contains("clBuildProgram") == true)
      #expect(error?.description.contains("activation.cl") == true && error?.description.contains("\n") == false)
    }
  }

  @Test("Compiled code depends on the size of groups, and on whether a range is wide")
  func identity() {
    func form(_ groups: (Int, Int, Int), _ local: (Int, Int, Int), bytes: Int = 4) -> String {
      KernelForm("k", [.memory(byteCount: bytes)], over: CLRange(groups: groups, local: local)).identity
    }
    let usual = form((3, 2, 1), (8, 4, 1))
    #expect(form((7, 1, 5), (8, 4, 1), bytes: 400) == usual)
    #expect(form((3, 2, 1), (4, 8, 1)) != usual)
    #expect(form((8192, 1, 1), (8, 4, 1)) != usual && form((8191, 1, 1), (8, 4, 1)) == usual)
    #expect(form((1, 1, 70_000), (8, 4, 1)) != usual)
  }

  @Test("Drivers that compile each size of groups get few of them")
  func groupSizes() throws {
    let backend = try CLBackend(device: TestBackends.openCLDevice())
    var sizes = Set<String>()
    for channels in [1, 2, 3, 5, 17, 31, 64, 100, 257, 1000, 5000] {
      for pixels in [1, 2, 7, 1000, 100_000] {
        let range = backend.rows(channels: channels, pixels: pixels)
        #expect(range.global.0 >= channels && range.global.1 * range.global.2 >= pixels)
        let local = [range.local.0, range.local.1, range.local.2]
        #expect(local.reduce(1, *) <= backend.device.maximumWorkGroupSize)
        sizes.insert("\(local)")
      }
    }
    #expect(sizes.count <= 10 || !backend.device.compilesAtLaunch)
  }

  @Test("Messages of any length pass a connection, and its end is noticed")
  func connection() throws {
    let (first, second) = try #require(CompilationConnection.pair())
    let messages = [[], [7], [UInt8](repeating: 3, count: 1_000_000)]
    let sender = WorkerThread { for message in messages { _ = first.send(message) } }
    for message in messages { #expect(second.receive() == message) }
    sender?.join()
    first.end()
    #expect(second.receive() == nil)
    #expect(!second.send([1]))
  }

  @Test("A helper compiles what it is asked for, and says so where that fails")
  func service() throws {
    let device = try TestBackends.openCLDevice()
    let (own, other) = try #require(CompilationConnection.pair())
    nonisolated(unsafe) let served = device
    let server = WorkerThread { try? CompilationService.serve(other, on: served) }
    func answer(_ text: String, _ arguments: [KernelForm.Argument]) throws -> [UInt8]? {
      let form = KernelForm("twice", arguments, over: CLRange(groups: (2, 1, 1), local: (4, 1, 1)))
      let job = CompilationJob(name: "twice.cl", text: text, options: "-cl-std=CL1.2", kernels: [form])
      #expect(own.send(Array(try JSONEncoder().encode(job))))
      return own.receive()
    }
    let text = "kernel void twice(global float *x, float y) { x[get_global_id(0)] = 2.0f * y; }"
    let arguments: [KernelForm.Argument] = [.memory(byteCount: 32), .float(bitPattern: Float.infinity.bitPattern)]
    #expect(try answer(text, arguments) == CompilationService.success)
    #expect(try answer("kernel void twice() { no_such_name; }", []) == [0])
    #expect(own.send(Array("no job".utf8)))
    #expect(own.receive() == [0])
    own.end()
    server?.join()
  }

  @Test("Threads take all jobs but that of a helper that has ended")
  func endedHelper() throws {
    let context = try CLContext(device: TestBackends.openCLDevice())
    let jobs = (0..<4).map { number in
      CompilationJob(
        name: "empty.cl", text: "kernel void empty() {}", options: "-cl-std=CL1.2 -DNUMBER=\(number)", kernels: [])
    }
    CompilationHelper.use(command: ["/bin/false"])
    defer { CompilationHelper.use(command: nil) }
    let helpers = CompilationHelper.start(1, for: context.device)
    try #require(helpers.count == 1)
    let run = CompilationRun(jobs, programs: [nil, nil, nil, nil])
    run.run(threads: 2, helpers: helpers, in: context, on: try CLQueue(context: context), cache: nil)
    #expect(run.isCompiled.count { $0 } >= 3)
    #expect(zip(run.isCompiled, run.programs).allSatisfy { isCompiled, program in isCompiled == (program != nil) })
  }
}
