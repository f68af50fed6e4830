"""What is never green: tables of situations, each with the verdict that it has. They are the promise, row by row.

`test_figures`: what a load's figures say; `test_answers`: what a service sends;
`test_comparisons`: what a comparison did not see of its sides;
`test_recordings`: what becomes of files;
`test_imports`: what other tools' results hold. Whoever finds a wrong green adds a row, and then mends the kind.
"""
