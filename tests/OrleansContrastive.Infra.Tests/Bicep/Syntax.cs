namespace OrleansContrastive.Infra.Tests.Bicep;

/// <summary>An expression.</summary>
internal abstract record Expression
{
    /// <summary>The expressions that it is made of.</summary>
    public virtual IEnumerable<Expression> Parts => [];

    /// <summary>It and all that is in it.</summary>
    public IEnumerable<Expression> All() => Parts.SelectMany(part => part.All()).Prepend(this);

    /// <summary>The value of a property of an object; null where it is no object, or has none.</summary>
    public Expression? this[string property] =>
        (this as ObjectValue)?.Properties.FirstOrDefault(entry => entry.Key is Text text && text.Literal == property).Value;

    /// <summary>The value by a path of properties.</summary>
    public Expression? At(params string[] path) => path.Aggregate((Expression?)this, (value, name) => value?[name]);
}

/// <summary>A string; with interpolations where it has more than one part.</summary>
internal sealed record Text(IReadOnlyList<(string? Said, Expression? Hole)> Pieces) : Expression
{
    public override IEnumerable<Expression> Parts => Pieces.Select(piece => piece.Hole).OfType<Expression>();

    /// <summary>The string where nothing is put into it; otherwise null.</summary>
    public string? Literal => Pieces.All(piece => piece.Hole is null) ? string.Concat(Pieces.Select(piece => piece.Said)) : null;

    /// <summary>The string with a word for all that is put into it.</summary>
    public string With(string word) => string.Concat(Pieces.Select(piece => piece.Said ?? word));
}

internal sealed record Number(long Value) : Expression;

internal sealed record Word(string Value) : Expression;

/// <summary>A name of the file, or of a namespace.</summary>
internal sealed record Name(string Value) : Expression;

internal sealed record Member(Expression Of, string Property) : Expression
{
    public override IEnumerable<Expression> Parts => [Of];
}

internal sealed record Element(Expression Of, Expression Index) : Expression
{
    public override IEnumerable<Expression> Parts => [Of, Index];
}

/// <summary>A call; of a function of a namespace or an object where <paramref name="Of"/> is there.</summary>
internal sealed record Call(Expression? Of, string Function, IReadOnlyList<Expression> Arguments) : Expression
{
    public override IEnumerable<Expression> Parts => Of is null ? Arguments : [Of, .. Arguments];
}

internal sealed record Operation(string Operator, IReadOnlyList<Expression> Operands) : Expression
{
    public override IEnumerable<Expression> Parts => Operands;
}

internal sealed record ObjectValue(IReadOnlyList<(Expression Key, Expression Value)> Properties) : Expression
{
    public override IEnumerable<Expression> Parts => Properties.SelectMany(entry => new[] { entry.Key, entry.Value });

    /// <summary>The names of its properties that are not computed.</summary>
    public IEnumerable<string> Names => Properties.Select(entry => (entry.Key as Text)?.Literal).OfType<string>();
}

internal sealed record ArrayValue(IReadOnlyList<Expression> Items) : Expression
{
    public override IEnumerable<Expression> Parts => Items;
}

/// <summary><c>[for Item in Collection: Body]</c>.</summary>
internal sealed record Loop(IReadOnlyList<string> Items, Expression Collection, Expression Body) : Expression
{
    public override IEnumerable<Expression> Parts => [Collection, Body];
}

/// <summary><c>if (Condition) Body</c>.</summary>
internal sealed record Conditional(Expression Condition, Expression Body) : Expression
{
    public override IEnumerable<Expression> Parts => [Condition, Body];
}

/// <summary><c>(Items) => Body</c>.</summary>
internal sealed record Lambda(IReadOnlyList<string> Items, Expression Body) : Expression
{
    public override IEnumerable<Expression> Parts => [Body];
}

internal enum Kind
{
    Param,
    Var,
    Type,
    Import,
    Resource,
    Module,
    Output,
    TargetScope,
}

/// <summary>A statement of a file.</summary>
internal sealed record Declaration
{
    public required Kind Kind { get; init; }

    public required string Name { get; init; }

    public required int Line { get; init; }

    /// <summary>The path of a module or an import, the type of a resource.</summary>
    public string Of { get; init; } = "";

    public bool IsExisting { get; init; }

    /// <summary>The tokens of its type, of a type's body, or the names of an import.</summary>
    public IReadOnlyList<Token> TypeTokens { get; init; } = [];

    public Expression? Value { get; init; }

    public IReadOnlyList<(string Name, IReadOnlyList<Expression> Arguments)> Decorators { get; init; } = [];

    /// <summary>The object of a resource or a module, behind its condition and loop.</summary>
    public ObjectValue? Body => Strip(Value);

    /// <summary>A type's name where it is one name, <c>[]</c> taken away.</summary>
    public string TypeName => TypeTokens is [{ Kind: TokenKind.Name } name, ..] ? name.Text : "";

    /// <summary>The properties of an object type.</summary>
    public IEnumerable<string> TypeProperties()
    {
        var depth = 0;
        for (var at = 0; at < TypeTokens.Count; at++)
        {
            if (TypeTokens[at].Text is "{" or "(" or "[") depth++;
            else if (TypeTokens[at].Text is "}" or ")" or "]") depth--;
            else if (depth == 1 && TypeTokens[at].Kind == TokenKind.Name && at + 1 < TypeTokens.Count && TypeTokens[at + 1].Text == ":") yield return TypeTokens[at].Text;
        }
    }

    private static ObjectValue? Strip(Expression? value) => value switch
    {
        ObjectValue body => body,
        Conditional conditional => Strip(conditional.Body),
        Loop loop => Strip(loop.Body),
        ArrayValue { Items: [Loop loop] } => Strip(loop.Body),
        _ => null,
    };
}
