"""One figure, one file: its points, the chart of the page, the figure for a paper, the table."""
