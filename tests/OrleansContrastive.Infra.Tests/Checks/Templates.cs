using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>Each template by itself and with those that it names: every name is declared, every declaration is used, what is passed is asked for.</summary>
internal static class Templates
{
    /// <summary>The templates that azd applies itself.</summary>
    public static readonly string[] Roots = ["infra/main.bicep", "infra/cluster.bicep"];

    private static readonly string[] Namespaces = ["az", "sys"];
    private static readonly string[] Functions =
    [
        "any", "array", "base64", "cidrSubnet", "concat", "contains", "dateTimeAdd", "deployment", "empty", "endsWith", "environment", "extensionResourceId", "filter", "first", "flatten", "format",
        "guid", "indexOf", "int", "intersection", "items", "join", "json", "last", "length", "loadJsonContent", "loadTextContent", "loadYamlContent", "managementGroup", "map", "max", "min", "objectKeys",
        "padLeft", "parseCidr", "range", "reduce", "replace", "resourceGroup", "resourceId", "skip", "sort", "split", "startsWith", "string", "subscription", "subscriptionResourceId", "substring", "take",
        "tenant", "tenantResourceId", "toLower", "toObject", "toUpper", "trim", "union", "uniqueString", "uri",
    ];
    private static readonly string[] Types = ["string", "int", "bool", "object", "array", "null", "any"];

    public static IEnumerable<string> Problems(Tree tree)
    {
        foreach (var path in tree.Templates)
        {
            var file = tree.Bicep(path);
            foreach (var problem in Names(path, file).Concat(TypesOf(tree, path, file)).Concat(Modules(tree, path, file)).Concat(Loaded(tree, path, file))) yield return problem;
        }

        var named = tree.Templates.SelectMany(path => tree.Bicep(path).Where(statement => statement.Kind is Kind.Module or Kind.Import).Select(statement => Beside(path, statement.Of))).ToHashSet();
        foreach (var path in tree.Templates.Where(path => !named.Contains(path) && !Roots.Contains(path))) yield return $"{path} is no module of any template.";
        foreach (var path in named.Where(path => !path.StartsWith("infra/", StringComparison.Ordinal) || !tree.Exists(path))) yield return $"There is no template {path}.";
        foreach (var problem in Outputs(tree)) yield return problem;
    }

    /// <summary>A path that a template names, from the root.</summary>
    public static string Beside(string path, string other) => Path.GetRelativePath("/", Path.GetFullPath(other, $"/{Path.GetDirectoryName(path)}")).Replace('\\', '/');

    private static IEnumerable<string> Names(string path, IReadOnlyList<Declaration> file)
    {
        var declared = file.Where(statement => statement.Kind is Kind.Param or Kind.Var or Kind.Resource or Kind.Module).ToList();
        foreach (var twice in declared.GroupBy(statement => statement.Name).Where(group => group.Count() > 1)) yield return $"{path}: '{twice.Key}' is declared twice.";
        var known = declared.Select(statement => statement.Name).ToHashSet();
        var used = new HashSet<string>();
        foreach (var statement in file)
        {
            var values = statement.Decorators.SelectMany(decorator => decorator.Arguments).Append(statement.Value).OfType<Expression>();
            foreach (var (name, isCall) in values.SelectMany(value => Free(value, [])))
            {
                if (isCall ? Functions.Contains(name) : Namespaces.Contains(name)) continue;
                if (isCall || !known.Contains(name)) yield return $"{path}({statement.Line}): '{name}' is {(isCall ? "no function" : "not declared")}.";
                else if (name != statement.Name) used.Add(name);
            }
        }

        foreach (var idle in declared.Where(statement => statement.Kind is Kind.Param or Kind.Var && !used.Contains(statement.Name)))
            yield return $"{path}({idle.Line}): '{idle.Name}' is not used.";
        foreach (var idle in declared.Where(statement => statement.Kind == Kind.Resource && statement.IsExisting && !used.Contains(statement.Name)))
            yield return $"{path}({idle.Line}): '{idle.Name}' is not used.";
    }

    /// <summary>The names in an expression that do not come from a loop of its own.</summary>
    private static IEnumerable<(string Name, bool IsCall)> Free(Expression value, IReadOnlyList<string> bound)
    {
        var inner = value switch
        {
            Loop loop => [.. bound, .. loop.Items],
            Lambda lambda => [.. bound, .. lambda.Items],
            _ => bound,
        };
        if (value is Name name && !bound.Contains(name.Value)) yield return (name.Value, false);
        if (value is Call { Of: null } call) yield return (call.Function, true);
        foreach (var part in value.Parts)
        {
            foreach (var found in Free(part, inner)) yield return found;
        }
    }

    private static IEnumerable<string> TypesOf(Tree tree, string path, IReadOnlyList<Declaration> file)
    {
        var imported = file.Where(statement => statement.Kind == Kind.Import)
            .SelectMany(import => import.TypeTokens.Where(token => token.Kind == TokenKind.Name).Select(token => (Token: token, From: Beside(path, import.Of)))).ToList();
        var own = file.Where(statement => statement.Kind == Kind.Type).ToDictionary(statement => statement.Name);
        var found = new Dictionary<string, Declaration>(own);
        foreach (var (token, from) in imported)
        {
            var type = tree.Exists(from) ? tree.Bicep(from).FirstOrDefault(statement => statement.Kind == Kind.Type && statement.Name == token.Text) : null;
            if (type is null || type.Decorators.All(decorator => decorator.Name != "export")) yield return $"{path}({token.Line}): {from} exports no type '{token.Text}'.";
            else found[token.Text] = type;
        }

        var typed = file.Where(statement => statement.Kind is Kind.Param or Kind.Output or Kind.Var && statement.TypeName.Length > 0).ToList();
        foreach (var statement in typed.Where(statement => !Types.Contains(statement.TypeName) && !found.ContainsKey(statement.TypeName)))
            yield return $"{path}({statement.Line}): '{statement.TypeName}' is no type.";
        foreach (var idle in imported.Where(name => typed.All(statement => statement.TypeName != name.Token.Text))) yield return $"{path}({idle.Token.Line}): '{idle.Token.Text}' is imported and not used.";
        foreach (var member in file.Select(statement => statement.Value).OfType<Expression>().SelectMany(value => value.All()).OfType<Member>())
        {
            var type = member.Of is Name name ? typed.FirstOrDefault(statement => statement.Kind == Kind.Param && statement.Name == name.Value && statement.TypeTokens.Count == 1)?.TypeName : null;
            if (type is not null && found.TryGetValue(type, out var declared) && !declared.TypeProperties().Contains(member.Property))
                yield return $"{path}: {((Name)member.Of).Value}.{member.Property}: type '{type}' has no such property.";
        }
    }

    private static IEnumerable<string> Modules(Tree tree, string path, IReadOnlyList<Declaration> file)
    {
        foreach (var module in file.Where(statement => statement.Kind == Kind.Module))
        {
            var target = Beside(path, module.Of);
            if (!tree.Exists(target)) continue;
            var wanted = tree.Bicep(target).Where(statement => statement.Kind == Kind.Param).ToList();
            var parameters = module.Body?["params"] as ObjectValue;
            var passed = parameters?.Names.ToList() ?? [];
            foreach (var name in passed.Where(name => wanted.All(param => param.Name != name))) yield return $"{path}({module.Line}): module {module.Name} is passed '{name}', which {target} does not declare.";
            foreach (var param in wanted.Where(param => param.Value is null && !passed.Contains(param.Name))) yield return $"{path}({module.Line}): module {module.Name} is not passed '{param.Name}', which {target} requires.";
            foreach (var param in wanted.Where(param => param.TypeTokens.Count == 1))
            {
                // An object that is made for a type has exactly its properties.
                var type = tree.Bicep(target).Where(statement => statement.Kind == Kind.Import).Select(import => Beside(target, import.Of)).Where(tree.Exists)
                    .SelectMany(tree.Bicep).FirstOrDefault(statement => statement.Kind == Kind.Type && statement.Name == param.TypeName);
                var given = parameters?[param.Name] is Name name ? file.FirstOrDefault(statement => statement.Kind == Kind.Var && statement.Name == name.Value)?.Value as ObjectValue : parameters?[param.Name] as ObjectValue;
                if (type is null || given is null) continue;
                var (has, should) = (given.Names.ToHashSet(), type.TypeProperties().ToHashSet());
                foreach (var extra in has.Except(should)) yield return $"{path}({module.Line}): '{param.Name}' of module {module.Name} has '{extra}', which its type has not.";
                foreach (var missing in should.Except(has)) yield return $"{path}({module.Line}): '{param.Name}' of module {module.Name} lacks '{missing}' of its type.";
            }
        }
    }

    private static IEnumerable<string> Outputs(Tree tree)
    {
        var used = new HashSet<(string, string)>();
        foreach (var path in tree.Templates)
        {
            var file = tree.Bicep(path);
            var modules = file.Where(statement => statement.Kind == Kind.Module).ToDictionary(statement => statement.Name, statement => Beside(path, statement.Of));
            foreach (var member in file.Select(statement => statement.Value).OfType<Expression>().SelectMany(value => value.All()).OfType<Member>())
            {
                if (member.Of is not Member { Property: "outputs" } outputs || Root(outputs.Of) is not { } module || !modules.TryGetValue(module, out var target) || !tree.Exists(target)) continue;
                used.Add((target, member.Property));
                if (tree.Bicep(target).All(statement => statement.Kind != Kind.Output || statement.Name != member.Property)) yield return $"{path}: {module}.outputs.{member.Property}: {target} has no such output.";
            }
        }

        foreach (var path in tree.Templates.Where(path => !Roots.Contains(path)))
        {
            foreach (var idle in tree.Bicep(path).Where(statement => statement.Kind == Kind.Output && !used.Contains((path, statement.Name)))) yield return $"{path}({idle.Line}): nobody reads the output '{idle.Name}'.";
        }
    }

    private static string? Root(Expression value) => value switch
    {
        Name name => name.Value,
        Element element => Root(element.Of),
        _ => null,
    };

    private static IEnumerable<string> Loaded(Tree tree, string path, IReadOnlyList<Declaration> file) =>
        from statement in file
        where statement.Value is not null
        from call in statement.Value!.All().OfType<Call>()
        where call.Function.StartsWith("load", StringComparison.Ordinal)
        let other = (call.Arguments.FirstOrDefault() as Text)?.Literal ?? ""
        where !tree.Exists(Beside(path, other))
        select $"{path}({statement.Line}): there is no file {Beside(path, other)} to load.";
}
