import CPUKernels
import FoundationEssentials
import Models
import Report
import Runtime

/// The report of `recolor bench --ops` as a page: where the time of a training step goes, by layer and by kind of
/// operation.
struct StepPage {
  let bench: BenchReport
  let operations: OperationsReport
  let backend: any Backend
  /// The command line that was given.
  let command: String

  var page: ReportPage {
    ReportPage(
      title: "Where the time of a step of \(bench.model.rawValue) goes", introduction: introduction,
      sections: [
        .init("step", "The step", step), .init("layers", "Layers", layers),
        .init("kinds", "Kinds of operations", kinds), .init("operations", "Operations", table),
        .init("method", "Method", method),
      ], footer: "Made by Recolor \(RecolorVersion.current).")
  }

  private var introduction: HTML {
    """
    <p class="lead">A training step on \(Format.counted(bench.batchSize, "image")) of \(bench.size)×\(bench.size) \
    takes \(Format.fixed(bench.stepMilliseconds, 2)) ms on \(bench.device): \
    \(Format.rate(bench.imagesPerSecond)) images a second. Its operations, each timed by itself, take \
    \(Format.fixed(operations.milliseconds, 2)) ms together; at the measured peaks of the device they would take \
    \(Format.fixed(operations.limitMilliseconds, 2)) ms, \(Format.percent(operations.partOfLimit, 0)) of that.</p>
    """
  }

  /// The figures of the whole step, and what it was measured with.
  private var step: HTML {
    let training = bench.training
    let middle = """
      \(Format.fixed(training.lowerQuartileMilliseconds, 2))–\(Format.fixed(training.upperQuartileMilliseconds, 2)) ms
      """
    var facts = [
      ("step", "\(Format.fixed(training.stepMilliseconds, 2)) ms"), ("middle half of \(bench.steps)", middle),
      ("images a second", Format.rate(training.imagesPerSecond)),
      ("operations together", "\(Format.fixed(operations.milliseconds, 2)) ms"),
      ("limit", "\(Format.fixed(operations.limitMilliseconds, 2)) ms"),
      ("reached", Format.percent(operations.partOfLimit, 0)),
      ("model", bench.model.rawValue), ("width", "\(bench.width)"), ("images", "\(bench.size)×\(bench.size)"),
      ("batch", Format.counted(bench.batchSize, "image")),
    ]
    if let sharing = bench.sharing { facts.append(("shared", sharing)) }
    facts.append(("device", "\(bench.device): \(bench.description)"))
    if let processor = backend as? CPUBackend {
      facts += [("threads", "\(processor.pool.workerCount)"), ("instruction set", CPUBackend.instructionSetName)]
    }
    facts.append(("precision", "\(bench.precision)"))
    if let products = bench.cpuProducts { facts.append(("products", products.rawValue)) }
    facts += [("version", RecolorVersion.current), ("date", Date.now.formatted(.iso8601))]
    return """
      <dl class="facts">
      \(facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>\n" as HTML })</dl>
      """
  }

  // MARK: Layers

  private var layers: HTML {
    let passes: HTML =
      bench.model == .gan
      ? """
       The discriminator has three passes: over the true colors, over the generator’s (fake), and as the judge of the
      generator’s, which gives the gradient of their colors and none of weights.
      """ : ""
    return """
      \(picture.html)
      <p class="note">A row is a convolution with the batch norm or the activation that comes next, in the network’s
      order, by the name of PyTorch’s module, as in a weights file. Each part of a bar is in full color as far as its <a href="#method">limit</a>, and pale where it takes
      longer. The pointer shows the figures of each part.\(passes)</p>
      """
  }

  private var picture: BarChart {
    let rows = LayerTimes.rows(operations.layers)
    let parts = Self.distinct(rows.map(\.part))
    // The networks first.
    let groups = (parts.filter { $0 != nil } + parts.filter { $0 == nil }).map { part in
      BarChart.Group(
        heading: part ?? "beside the networks", rows: rows.filter { $0.part == part }.map { Self.bar($0) })
    }
    return BarChart(
      title: "Time by layer", unit: "ms", kinds: LayerWork.allCases.map(\.heading),
      columns: ["ms", "limit", "reached"], groups: groups,
      total: .init(
        name: "together", parts: [], cells: Self.cells(operations.milliseconds, operations.limitMilliseconds)))
  }

  private static func bar(_ row: LayerTimes.Row) -> BarChart.Row {
    let parts = row.work.map { layer, work in
      BarChart.Part(
        kind: work.kind.index, value: work.milliseconds, limit: work.limitMilliseconds,
        note: note(of: work, in: layer))
    }
    let (milliseconds, limit) = row.work.reduce((0, 0)) {
      ($0.0 + $1.work.milliseconds, $0.1 + $1.work.limitMilliseconds)
    }
    return BarChart.Row(name: row.name, parts: parts, cells: cells(milliseconds, limit))
  }

  private static func note(of work: LayerTimes.Work, in layer: String) -> String {
    let kind = work.kind == .other ? "" : ", \(work.kind.heading)"
    let reached = Format.percent(work.limitMilliseconds / work.milliseconds, 0)
    return """
      \(layer)\(kind): \(Format.fixed(work.milliseconds, 3)) ms, limit \(Format.fixed(work.limitMilliseconds, 3)) ms, \
      \(reached) reached
      """
  }

  /// Returns the cells of a time and its limit.
  private static func cells(_ milliseconds: Double, _ limit: Double) -> [String] {
    [Format.fixed(milliseconds, 2), Format.fixed(limit, 2), Format.percent(limit / milliseconds, 0)]
  }

  // MARK: Operations

  /// The operations of one kind and pass added up, the longest first.
  private var kinds: HTML {
    var groups: [(operation: String, pass: Pass, count: Int, milliseconds: Double, limit: Double)] = []
    for row in operations.rows {
      let place = groups.firstIndex { $0.operation == row.operation && $0.pass == row.pass } ?? groups.count
      if place == groups.count { groups.append((row.operation, row.pass, 0, 0, 0)) }
      groups[place].count += row.count
      groups[place].milliseconds += row.milliseconds
      groups[place].limit += row.limitMilliseconds
    }
    func cells(_ name: String, _ pass: String, _ count: Int, _ milliseconds: Double, _ limit: Double) -> [String] {
      [
        name, pass, "\(count)", Format.fixed(milliseconds, 2),
        Format.percent(milliseconds / operations.milliseconds, 1), Format.fixed(limit, 2),
        Format.percent(limit / milliseconds, 0),
      ]
    }
    return Self.table(
      [
        .left("operation"), .left("pass"), .right("times"), .right("ms"), .right("share"), .right("limit, ms"),
        .right("reached"),
      ],
      groups.sorted { $0.milliseconds > $1.milliseconds }.map { group in
        cells(group.operation, group.pass.heading, group.count, group.milliseconds, group.limit)
      },
      total: cells(
        "together", "", operations.rows.reduce(0) { $0 + $1.count }, operations.milliseconds,
        operations.limitMilliseconds))
  }

  private var table: HTML {
    let isOneNetwork = Set(operations.layers.compactMap(\.part)).count == 1
    // Beside the names of the operation and its pass.
    let place = 2
    var columns = operations.columns
    columns.insert(.left("layers"), at: place)
    let rows = operations.rows.map { row in
      var cells = operations.cells(of: row)
      cells.insert(Self.names(row.layers, isOneNetwork: isOneNetwork), at: place)
      return cells
    }
    return """
      \(Self.table(columns, rows, list: place))
      <p class="note">Operations of one pass and shape are one row, the longest first. GFLOP/s count the direct method,
      GB/s each tensor once: Winograd’s algorithm and caches can pass 100 %.</p>
      """
  }

  /// Returns the names of layers, each pass of a network with its own.
  private static func names(_ labels: [OperationLabel], isOneNetwork: Bool) -> String {
    distinct(labels.map(\.part)).map { part in
      let names = labels.filter { $0.part == part }.map(\.layer).joined(separator: ", ")
      return isOneNetwork ? names : (part.map { "\($0): " } ?? "") + names
    }.joined(separator: "; ")
  }

  /// Returns texts, each once, in the order in which they first come.
  private static func distinct(_ texts: [String?]) -> [String?] {
    texts.reduce(into: []) { found, text in if !found.contains(text) { found.append(text) } }
  }

  /// Returns a table.
  /// - Parameters:
  ///   - list: A column with lists, which may take several lines, in a table of many columns; nil for none.
  ///   - total: The last row; nil for none.
  private static func table(
    _ columns: [TextTable.Column], _ rows: [[String]], list: Int? = nil, total: [String]? = nil
  ) -> HTML {
    func kind(_ column: Int) -> HTML {
      columns[column].isRightAligned ? "" : column == list ? " class=\"list\"" : " class=\"text\""
    }
    func row(_ cells: [String]) -> HTML {
      let first: HTML = "<th scope=\"row\">\(cells[0])</th>"
      let others = cells.indices.dropFirst().map { "<td\(kind($0))>\(cells[$0])</td>" as HTML }
      return "<tr>\(first)\(others)</tr>\n"
    }
    let heads = columns.indices.map { "<th scope=\"col\"\(kind($0))>\(columns[$0].heading)</th>" as HTML }
    return """
      <div class="scroll\(list == nil ? "" : " wide" as HTML)"><table class="figures">
      <thead><tr>\(heads)</tr></thead>
      <tbody>
      \(rows.map(row))</tbody>
      \(total.map { ["<tfoot>\(row($0))</tfoot>"] } ?? [])</table></div>
      """
  }
}

extension StepPage {
  /// The meaning of the figures, and how to measure them again.
  private var method: HTML {
    let ranks: HTML =
      bench.ranks == nil ? "" : " The operations are those of rank 0, which computes its part of a batch."
    return """
      <p>The time of the step is the median of \(Format.counted(bench.steps, "step")) on random images. Then each \
      operation of a step was timed by itself, to its end, as many times, and its median is its time here.\(ranks) \
      A step also waits between operations, and a busy machine slows it.</p>
      <p>The limit of an operation is the time of its products after minimal filtering at the device’s peak of \
      multiply-adds, or that of its bytes at the rate of a copy, whichever is longer. Just before the operations, the \
      device reached \(Format.fixed(operations.productPeakGigaflopsPerSecond, 0)) GFLOP/s in fp32 from registers, and \
      \(Format.fixed(operations.copyPeakGigabytesPerSecond, 1)) GB/s read and written by a copy. Values that are in \
      caches can be faster, so that more than 100 % of a limit can be reached; the transforms of minimal filtering \
      are not counted, so that convolutions stay below it.</p>
      <p>This measures again:</p>
      <div class="command"><pre><code>\(command)</code></pre>\
      <button type="button" class="copy">Copy</button></div>
      """
  }
}
