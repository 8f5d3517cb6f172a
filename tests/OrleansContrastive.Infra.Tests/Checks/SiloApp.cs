using System.Globalization;
using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>
/// A silo's app: one replica for ever and no rule, ports that lead where the silo listens, probes that there are, and a period of grace
/// in which the host can stop. Any other app: probes that its program answers.
/// </summary>
internal static class SiloApp
{
    public const string File = "infra/cluster/silo.bicep";

    public static IEnumerable<string> Problems(Tree tree)
    {
        var scope = new Scope(tree, File);
        var app = scope.Resource("Microsoft.App/containerApps");
        var template = app.At("properties", "template");
        var scale = template?["scale"] as ObjectValue;
        foreach (var key in new[] { "minReplicas", "maxReplicas" }.Where(key => scope.Number(scale?[key]) != 1)) yield return $"{File}: scale.{key} of a silo must be 1.";
        foreach (var key in scale?.Names.Except(["minReplicas", "maxReplicas"]) ?? []) yield return $"{File}: scale.{key}: nothing scales a silo.";
        if (app.At("properties", "configuration", "activeRevisionsMode") is not Text { Literal: "Single" }) yield return $"{File}: activeRevisionsMode must be Single.";

        var container = (template?["containers"] as ArrayValue)?.Items.Single()!;
        var variables = Variables.Of(container["env"]).ToDictionary(variable => variable.Name, variable => variable.Value);
        var ingress = app.At("properties", "configuration", "ingress");
        var mapping = (ingress?["additionalPortMappings"] as ArrayValue)?.Items.Single();
        if (ingress?["transport"] is not Text { Literal: "tcp" }) yield return $"{File}: a silo's ingress is tcp.";
        foreach (var (given, variable) in new[]
        {
            (ingress?["targetPort"], "Endpoints__ListenSiloPort"), (mapping?["targetPort"], "Endpoints__ListenGatewayPort"),
            (ingress?["exposedPort"], "Endpoints__SiloPort"), (mapping?["exposedPort"], "Endpoints__GatewayPort"),
        })
        {
            if (!variables.TryGetValue(variable, out var said)) yield return $"{File}: {variable} is not set.";
            else if (Said(given) is not { } port || port != Said(said)) yield return $"{File}: the ingress has another port than {variable}.";
        }

        if (variables.GetValueOrDefault("Endpoints__ListenOnAny") is not Text { Literal: "true" }) yield return $"{File}: Endpoints__ListenOnAny must be true: the advertised address is the platform's.";
        foreach (var problem in Probes(scope, container, HealthRoutes.OfSilo(), scope.Number(variables["Health__Port"]), [scope.Number(variables.GetValueOrDefault("Endpoints__ListenSiloPort"))])) yield return problem;
        if (Probe(container, "Liveness")?.At("httpGet", "path") is not Text { Literal: "/health/live" }) yield return $"{File}: liveness asks /health/live, which asks nobody else.";
        // Readiness opens and closes the ingress, by which the others reach a silo before it is ready: see Reachability.
        if (Probe(container, "Readiness")?["tcpSocket"] is null) yield return $"{File}: readiness asks the silo's port; by /health/ready no silo but the first could join.";

        var grace = scope.Number(template?["terminationGracePeriodSeconds"]) ?? 30;
        var limit = Variables.ShutdownTimeout(variables.ToDictionary(variable => variable.Key, variable => (variable.Value as Text)?.Literal));
        if (grace <= limit.TotalSeconds) yield return $"{File}: terminationGracePeriodSeconds is {grace}; the host stops within {limit.TotalSeconds:F0} s (HostOptions.ShutdownTimeout), and needs some more.";
    }

    /// <summary>The dashboard's app.</summary>
    public static IEnumerable<string> DashboardProblems(Tree tree)
    {
        const string Path = "infra/cluster/dashboard.bicep";
        var scope = new Scope(tree, Path);
        var app = scope.Resource("Microsoft.App/containerApps");
        var container = (app.At("properties", "template", "containers") as ArrayValue)?.Items.Single()!;
        var port = scope.Number(app.At("properties", "configuration", "ingress", "targetPort"));
        foreach (var problem in Probes(scope, container, HealthRoutes.OfDashboard(), port, [port])) yield return problem;
        if (app.At("properties", "configuration", "ingress", "allowInsecure") is not Word { Value: "false" }) yield return $"{Path}: the dashboard is for HTTPS alone.";
        if (tree.Bicep(Path).All(statement => !statement.Of.StartsWith("Microsoft.App/containerApps/authConfigs@", StringComparison.Ordinal))) yield return $"{Path}: the dashboard asks nobody who they are, so the platform must.";
        var sign = new Scope(tree, Path).Resource("Microsoft.App/containerApps/authConfigs");
        if (sign.At("properties", "globalValidation", "unauthenticatedClientAction") is not Text { Literal: "RedirectToLoginPage" or "Return401" }) yield return $"{Path}: whoever has not signed in must be turned away.";
        if (sign.At("properties", "platform", "enabled") is not Word { Value: "true" }) yield return $"{Path}: the sign-in must be enabled.";
    }

    private static IEnumerable<string> Probes(Scope scope, Expression container, IReadOnlyList<string> routes, long? httpPort, long?[] tcpPorts)
    {
        var probes = (container["probes"] as ArrayValue)?.Items ?? [];
        foreach (var type in new[] { "Startup", "Readiness", "Liveness" }.Where(type => Probe(container, type) is null)) yield return $"{scope.File}: there is no probe of type {type}.";
        foreach (var probe in probes)
        {
            var type = (probe["type"] as Text)?.Literal;
            if (type is not ("Startup" or "Readiness" or "Liveness")) yield return $"{scope.File}: a probe has the type '{type}'.";
            if (probe["httpGet"] is { } http)
            {
                if ((http["path"] as Text)?.Literal is not { } path || !routes.Contains(path)) yield return $"{scope.File}: {type} asks {(http["path"] as Text)?.Literal}; the program answers {string.Join(", ", routes)}.";
                if (scope.Number(http["port"]) != httpPort) yield return $"{scope.File}: {type} asks another port than the program answers HTTP on.";
            }
            else if (probe["tcpSocket"] is { } tcp)
            {
                if (!tcpPorts.Contains(scope.Number(tcp["port"]))) yield return $"{scope.File}: {type} asks a port that the program does not listen on.";
            }
            else yield return $"{scope.File}: {type} asks nothing.";
        }
    }

    private static Expression? Probe(Expression container, string type) =>
        (container["probes"] as ArrayValue)?.Items.FirstOrDefault(probe => probe["type"] is Text text && text.Literal == type);

    /// <summary>What a port is called, with or without <c>string()</c> around it.</summary>
    private static string? Said(Expression? value) => value switch
    {
        Name name => name.Value,
        Number number => number.Value.ToString(CultureInfo.InvariantCulture),
        Call { Function: "string", Arguments: [var inner] } => Said(inner),
        _ => null,
    };

    /// <summary>A template with its variables.</summary>
    private sealed class Scope(Tree tree, string file)
    {
        public string File => file;

        public ObjectValue Resource(string type) =>
            tree.Bicep(file).First(statement => statement.Kind == Kind.Resource && !statement.IsExisting && statement.Of.StartsWith($"{type}@", StringComparison.Ordinal)).Body!;

        /// <summary>A number, also by the name of a variable or as a string of one.</summary>
        public long? Number(Expression? value) => value switch
        {
            Bicep.Number number => number.Value,
            Text { Literal: { } text } => long.TryParse(text, CultureInfo.InvariantCulture, out var parsed) ? parsed : null,
            Name name => Number(tree.Bicep(file).FirstOrDefault(statement => statement.Kind == Kind.Var && statement.Name == name.Value)?.Value),
            Call { Function: "string", Arguments: [var inner] } => Number(inner),
            _ => null,
        };
    }
}
