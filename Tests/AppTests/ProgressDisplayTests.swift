import Testing

@testable import App

/// Lines of progress on narrow terminals.
@Suite("Progress on narrow terminals")
struct ProgressDisplayTests {
  @Test("Names are shortened at their beginning")
  func names() {
    func fitted(_ columns: Int) -> String {
      ProgressDisplay.fitted("3 of 1250: ", name: "albums/1950/grandmother.jpg", columns: columns)
    }
    #expect(fitted(80) == "3 of 1250: albums/1950/grandmother.jpg")
    #expect(fitted(38) == "3 of 1250: albums/1950/grandmother.jpg")
    #expect(fitted(30) == "3 of 1250: …50/grandmother.jpg")
    #expect(fitted(15) == "3 of 1250: ")
    #expect(fitted(10) == "3 of 1250:" && fitted(9) == "3 of")
  }

  @Test("Numbers are whole or left out", arguments: 0...80)
  func numbers(columns: Int) {
    let line = "epoch 12/20  step 1234/1250  1:05:00 h left  1,043 images/s  mse 0.00512"
    let fitted = ProgressDisplay.fitted(line, name: "", columns: columns)
    #expect(fitted.count <= columns && line.hasPrefix(fitted))
    #expect(fitted.isEmpty || fitted.count == line.count || line.dropFirst(fitted.count).hasPrefix(" "))
  }
}
