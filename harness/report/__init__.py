"""What a reader sees: pure functions from a Summary (and the journal's rounds) to text or bytes.

text           escapes and formats that all reports share
view           which findings matter, what was set aside, in which words
json_report    report.json      junit       junit.xml      markdown    report.md      sarif   report.sarif
matrix         the security suite as cells, marks and counts; matrix_page and console_matrix draw it
console        progress and the final summary on the terminal
details        rounds, checks → compact evidence of cases    chart       numbers → geometry
html           report.html, from the templates in reports/html
side_by_side   `cutover probe`: two live answers             curl        commands to see it by hand
write          all files of a run, atomically
"""
