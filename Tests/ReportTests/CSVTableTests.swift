import Report
import Testing

@Suite("CSV tables")
struct CSVTableTests {
  @Test("Written tables are read back")
  func writtenTablesAreReadBack() {
    var table = CSVTable(columns: ["name", "a, b"])
    table.append(["say \"no\"", "1"])
    table.append(["two\nlines", ""])
    table.append(["é,", "-1e-05"])
    #expect(table.text == "name,\"a, b\"\n\"say \"\"no\"\"\",1\n\"two\nlines\",\n\"é,\",-1e-05\n")
    #expect(CSVTable(parsing: table.text) == table)
  }

  @Test("Incomplete rows are dropped")
  func incompleteRowsAreDropped() {
    let table = CSVTable(parsing: "epoch,mse\r\n1,0.5\r\n2,0.4,extra\r\n3")
    #expect(table.columns == ["epoch", "mse"])
    #expect(table.rows == [["1", "0.5"], ["2", "0.4"]])
    #expect(CSVTable(parsing: "").columns.isEmpty)
    #expect(CSVTable(parsing: "a,b\n1,2").rows == [["1", "2"]])
  }
}
