# Holes are constants of these ranges (lowest, and one above the highest), not addresses.
s/^(@wisp_(slot|offset)[a-z0-9_]* = .*)$/\1, !absolute_symbol !{i64 0, i64 2147483648}/
s/^(@wisp_(wide|low|high)[a-z0-9_]* = .*)$/\1, !absolute_symbol !{i64 0, i64 4294967296}/
s/^(@wisp_field[a-z0-9_]* = .*)$/\1, !absolute_symbol !{i64 0, i64 65536}/
