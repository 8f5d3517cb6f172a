namespace OrleansContrastive.Infra.Tests.Bicep;

internal enum TokenKind
{
    Name,
    Number,
    Text,
    Mark,
    Line,
    End,
}

/// <summary>A word of a file. A string holds its parts: what is said, and the tokens of what is put into it.</summary>
internal sealed record Token(TokenKind Kind, string Text, int Line)
{
    public IReadOnlyList<(string? Said, IReadOnlyList<Token>? Hole)> Pieces { get; init; } = [];
}

/// <summary>Takes a Bicep file apart. Comments are gone; the ends of lines stay, since they end statements.</summary>
internal sealed class Tokenizer(string text, string file)
{
    private static readonly string[] Marks = ["...", "&&", "||", "==", "!=", "=~", "!~", "<=", ">=", "??", "=>", "::", ".?"];

    private int _at;
    private int _line = 1;

    /// <exception cref="FormatException">The file is none.</exception>
    public static IReadOnlyList<Token> Read(string text, string file) => new Tokenizer(text, file).Until(null);

    private List<Token> Until(char? end)
    {
        var tokens = new List<Token>();
        var depth = 0;
        while (_at < text.Length)
        {
            var letter = text[_at];
            if (end == letter && depth == 0)
            {
                _at++;
                tokens.Add(new(TokenKind.End, "", _line));
                return tokens;
            }

            if (letter == '\n')
            {
                tokens.Add(new(TokenKind.Line, "\n", _line++));
                _at++;
            }
            else if (char.IsWhiteSpace(letter)) _at++;
            else if (text.AsSpan(_at).StartsWith("//")) _at = IndexOf("\n", text.Length);
            else if (text.AsSpan(_at).StartsWith("/*"))
            {
                var from = _at;
                _at = IndexOf("*/", -2) + 2;
                if (_at == 0) throw Fault("a comment without its end");
                _line += text[from.._at].Count(unit => unit == '\n');
            }
            else if (text.AsSpan(_at).StartsWith("'''")) tokens.Add(Verbatim());
            else if (letter == '\'') tokens.Add(Quoted());
            else if (char.IsAsciiDigit(letter)) tokens.Add(Take(TokenKind.Number, char.IsAsciiDigit));
            else if (char.IsAsciiLetter(letter) || letter == '_') tokens.Add(Take(TokenKind.Name, unit => char.IsAsciiLetterOrDigit(unit) || unit == '_'));
            else
            {
                var mark = Marks.FirstOrDefault(mark => text.AsSpan(_at).StartsWith(mark)) ?? letter.ToString();
                if (mark.Length == 1 && !"{}[]()@,.:;=<>+-*/%!?|#".Contains(letter, StringComparison.Ordinal)) throw Fault($"'{letter}'");
                if (mark == "{") depth++;
                if (mark == "}") depth--;
                tokens.Add(new(TokenKind.Mark, mark, _line));
                _at += mark.Length;
            }
        }

        if (end is not null) throw Fault("a string whose ${ does not end");
        tokens.Add(new(TokenKind.End, "", _line));
        return tokens;
    }

    private Token Take(TokenKind kind, Func<char, bool> more)
    {
        var from = _at;
        while (_at < text.Length && more(text[_at])) _at++;
        return new(kind, text[from.._at], _line);
    }

    private Token Verbatim()
    {
        var (from, line) = (_at + 3, _line);
        _at = from;
        var end = IndexOf("'''", -1);
        if (end < 0) throw Fault("a string of many lines without its end");
        _at = end + 3;
        var said = text[from..end];
        _line += said.Count(unit => unit == '\n');
        return new(TokenKind.Text, said, line) { Pieces = [(said, null)] };
    }

    private Token Quoted()
    {
        var pieces = new List<(string?, IReadOnlyList<Token>?)>();
        var said = new System.Text.StringBuilder();
        var from = _at++;
        while (true)
        {
            if (_at >= text.Length || text[_at] == '\n') throw Fault("a string without its end");
            if (text[_at] == '\'') break;
            if (text[_at] == '\\')
            {
                said.Append(text[_at + 1] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
                _at += 2;
            }
            else if (text.AsSpan(_at).StartsWith("${"))
            {
                _at += 2;
                if (said.Length > 0) pieces.Add((said.ToString(), null));
                said.Clear();
                pieces.Add((null, Until('}')));
            }
            else said.Append(text[_at++]);
        }

        _at++;
        if (said.Length > 0 || pieces.Count == 0) pieces.Add((said.ToString(), null));
        return new(TokenKind.Text, text[from.._at], _line) { Pieces = pieces };
    }

    private int IndexOf(string mark, int otherwise) => text.IndexOf(mark, _at, StringComparison.Ordinal) is >= 0 and var found ? found : otherwise;

    private FormatException Fault(string what) => new($"{file}({_line}): found {what}.");
}
