using System.Globalization;

namespace OrleansContrastive.Infra.Tests.Bicep;

/// <summary>Reads as much of Bicep as templates here are written in; what it does not know it refuses, with the line.</summary>
internal sealed class Parser(IReadOnlyList<Token> tokens, string file)
{
    private static readonly string[][] Levels = [["??"], ["||"], ["&&"], ["==", "!=", "=~", "!~"], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]];

    private int _at;

    private Token Now => tokens[_at];

    /// <exception cref="FormatException">The file is none.</exception>
    public static IReadOnlyList<Declaration> Read(string text, string file) => new Parser(Tokenizer.Read(text, file), file).File();

    private List<Declaration> File()
    {
        var statements = new List<Declaration>();
        while (true)
        {
            SkipLines();
            if (Now.Kind == TokenKind.End) return statements;
            var decorators = new List<(string, IReadOnlyList<Expression>)>();
            while (Is("@"))
            {
                _at++;
                if (Postfixed() is not Call call) throw Fault("a decorator that is no call");
                decorators.Add((call.Function, call.Arguments));
                SkipLines();
            }

            statements.Add(Statement() with { Decorators = decorators });
            if (Now.Kind is not (TokenKind.Line or TokenKind.End)) throw Fault($"'{Now.Text}' after a statement");
        }
    }

    private Declaration Statement()
    {
        var (line, keyword) = (Now.Line, Word());
        switch (keyword)
        {
            case "targetScope":
                Expect("=");
                return new() { Kind = Kind.TargetScope, Name = keyword, Line = line, Value = Value() };
            case "import":
                var names = TypeTokens(stop: "from");
                if (Word() != "from") throw Fault("an import without 'from'");
                return new() { Kind = Kind.Import, Name = "", Line = line, Of = Path(), TypeTokens = names };
            case "type":
                var type = Word();
                Expect("=");
                return new() { Kind = Kind.Type, Name = type, Line = line, TypeTokens = TypeTokens() };
            case "param":
                var param = new Declaration { Kind = Kind.Param, Name = Word(), Line = line, TypeTokens = TypeTokens(stop: "=") };
                return Takes("=") ? param with { Value = Value() } : param;
            case "var":
                return Named(Kind.Var, line);
            case "output":
                return Named(Kind.Output, line);
            case "resource" or "module":
                var (name, of) = (Word(), Path());
                var existing = Now.Kind == TokenKind.Name && Word() == "existing";
                Expect("=");
                return new() { Kind = keyword == "module" ? Kind.Module : Kind.Resource, Name = name, Line = line, Of = of, IsExisting = existing, Value = Value() };
            default:
                throw Fault($"'{keyword}' where a statement begins");
        }
    }

    private Declaration Named(Kind kind, int line)
    {
        var name = Word();
        var type = TypeTokens(stop: "=");
        Expect("=");
        return new() { Kind = kind, Name = name, Line = line, TypeTokens = type, Value = Value() };
    }

    private List<Token> TypeTokens(string? stop = null)
    {
        var (found, depth) = (new List<Token>(), 0);
        while (Now.Kind != TokenKind.End && !(depth == 0 && Now.Text == stop))
        {
            if (Now.Kind == TokenKind.Line)
            {
                // A type goes on with the next of its alternatives.
                if (depth == 0 && !(tokens.Skip(_at).FirstOrDefault(token => token.Kind != TokenKind.Line) is { Text: "|" })) break;
                _at++;
                continue;
            }

            if (Now.Text is "{" or "(" or "[") depth++;
            if (Now.Text is "}" or ")" or "]") depth--;
            found.Add(tokens[_at++]);
        }

        return found;
    }

    private Expression Value()
    {
        if (!(Now is { Kind: TokenKind.Name, Text: "if" })) return Ternary();
        _at++;
        Expect("(");
        var condition = Ternary();
        Expect(")");
        return new Conditional(condition, Value());
    }

    private Expression Ternary()
    {
        var condition = Binary(0);
        if (!Continues("?")) return condition;
        SkipLines();
        var yes = Ternary();
        if (!Continues(":")) throw Fault("a '?' without its ':'");
        SkipLines();
        return new Operation("?:", [condition, yes, Ternary()]);
    }

    private Expression Binary(int level)
    {
        if (level == Levels.Length) return Unary();
        var left = Binary(level + 1);
        while (Levels[level].FirstOrDefault(operation => operation == "-" ? Takes("-") : Continues(operation)) is { } found)
        {
            SkipLines();
            left = new Operation(found, [left, Binary(level + 1)]);
        }

        return left;
    }

    private Expression Unary()
    {
        foreach (var mark in new[] { "!", "-" })
        {
            if (Takes(mark)) return new Operation(mark, [Unary()]);
        }

        return Postfixed();
    }

    private Expression Postfixed()
    {
        var value = Primary();
        while (true)
        {
            if (Takes(".") || Takes(".?"))
            {
                var name = Word();
                value = Takes("(") ? new Call(value, name, Arguments()) : new Member(value, name);
            }
            else if (Is("::"))
            {
                _at++;
                value = new Member(value, Word());
            }
            else if (Takes("["))
            {
                Takes("?");
                value = new Element(value, Ternary());
                Expect("]");
            }
            else if (!Takes("!")) return value;
        }
    }

    private Expression Primary()
    {
        var token = tokens[_at++];
        switch (token)
        {
            case { Kind: TokenKind.Number }:
                return new Number(long.Parse(token.Text, CultureInfo.InvariantCulture));
            case { Kind: TokenKind.Text }:
                return TextOf(token);
            case { Kind: TokenKind.Name, Text: "true" or "false" or "null" }:
                return new Word(token.Text);
            case { Kind: TokenKind.Name } when Is("=>"):
                _at++;
                return new Lambda([token.Text], Ternary());
            case { Kind: TokenKind.Name } when Takes("("):
                return new Call(null, token.Text, Arguments());
            case { Kind: TokenKind.Name }:
                return new Name(token.Text);
            case { Text: "(" }:
                SkipLines();
                var inner = Ternary();
                SkipLines();
                Expect(")");
                return inner;
            case { Text: "{" }:
                return ObjectOf();
            case { Text: "[" }:
                return ArrayOf();
            default:
                _at--;
                throw Fault($"'{token.Text}' where a value is expected");
        }
    }

    private Text TextOf(Token token) =>
        new([.. token.Pieces.Select(piece => (piece.Said, piece.Hole is { } hole ? new Parser(hole, file).Whole() : null))]);

    private Expression Whole()
    {
        var value = Ternary();
        return Now.Kind == TokenKind.End ? value : throw Fault($"'{Now.Text}' in a string's ${{}}");
    }

    private ObjectValue ObjectOf()
    {
        var properties = new List<(Expression, Expression)>();
        while (true)
        {
            Separators();
            if (Takes("}")) return new(properties);
            if (Takes("..."))
            {
                properties.Add((new Text([("...", null)]), Ternary()));
                continue;
            }

            var key = tokens[_at++];
            if (key.Kind is not (TokenKind.Name or TokenKind.Text)) throw Fault($"'{key.Text}' where a property begins");
            Expect(":");
            properties.Add((key.Kind == TokenKind.Text ? TextOf(key) : new Text([(key.Text, null)]), Value()));
        }
    }

    private Expression ArrayOf()
    {
        SkipLines();
        if (Now is { Kind: TokenKind.Name, Text: "for" })
        {
            _at++;
            var names = Takes("(") ? Names() : [Word()];
            if (Word() != "in") throw Fault("a loop without 'in'");
            var collection = Ternary();
            Expect(":");
            var body = Value();
            SkipLines();
            Expect("]");
            return new Loop(names, collection, body);
        }

        var items = new List<Expression>();
        while (true)
        {
            Separators();
            if (Takes("]")) return new ArrayValue(items);
            items.Add(Takes("...") ? new Operation("...", [Ternary()]) : Value());
        }
    }

    private List<string> Names()
    {
        var names = new List<string>();
        while (!Takes(")"))
        {
            names.Add(Word());
            Takes(",");
        }

        return names;
    }

    private List<Expression> Arguments()
    {
        var arguments = new List<Expression>();
        while (true)
        {
            Separators();
            if (Takes(")")) return arguments;
            arguments.Add(Ternary());
            SkipLines();
            if (!Is(",") && !Is(")")) throw Fault($"'{Now.Text}' between arguments");
        }
    }

    private string Path() => Now.Kind == TokenKind.Text && TextOf(tokens[_at++]).Literal is { } path ? path : throw Fault("no path, nor type, in quotes");

    private string Word() => Now.Kind == TokenKind.Name ? tokens[_at++].Text : throw Fault($"'{Now.Text}' where a name is expected");

    private bool Is(string mark) => Now.Kind == TokenKind.Mark && Now.Text == mark;

    private bool Takes(string mark)
    {
        if (!Is(mark)) return false;
        _at++;
        return true;
    }

    /// <summary>Takes a mark of this line, or of the next one that is not empty.</summary>
    private bool Continues(string mark)
    {
        var at = _at;
        SkipLines();
        if (Takes(mark)) return true;
        _at = at;
        return false;
    }

    private void Expect(string mark)
    {
        if (!Takes(mark)) throw Fault($"'{Now.Text}' where '{mark}' is expected");
    }

    private void SkipLines()
    {
        while (Now.Kind == TokenKind.Line) _at++;
    }

    private void Separators()
    {
        while (Now.Kind == TokenKind.Line || Is(",")) _at++;
    }

    private FormatException Fault(string what) => new($"{file}({Now.Line}): found {(what.Contains('\n', StringComparison.Ordinal) ? "the end of the line" : what)}.");
}
