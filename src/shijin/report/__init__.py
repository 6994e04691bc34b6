"""What a shop looks at: tables become charts and one HTML page. Reads no file and writes none."""
