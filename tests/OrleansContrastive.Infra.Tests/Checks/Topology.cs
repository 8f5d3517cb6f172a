using System.Globalization;
using System.Text.Json;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting.Nodes;
using OrleansContrastive.Hosting.Workers;
using OrleansContrastive.Infra.Tests.Bicep;
using OrleansContrastive.Infra.Tests.Files;

namespace OrleansContrastive.Infra.Tests.Checks;

/// <summary>silos.json: the fields of its type, ports that no two have in either colour, roles that a run needs, sizes that there are.</summary>
internal static class Topology
{
    public const string File = "infra/silos.json";
    private const int Reserved = 36985;
    private const int Lowest = 1024;

    public static IEnumerable<string> Problems(Tree tree)
    {
        var type = tree.Bicep("infra/cluster/types.bicep").Single(statement => statement.Kind == Kind.Type && statement.Name == "siloDefinition").TypeProperties().ToHashSet();
        using var json = JsonDocument.Parse(tree.Read(File));
        var ports = new Dictionary<int, string>();
        var names = new HashSet<string>();
        var roles = new Dictionary<WorkerRoles, int>();
        foreach (var silo in json.RootElement.EnumerateArray())
        {
            var (name, has) = (silo.GetProperty("name").GetString()!, silo.EnumerateObject().Select(property => property.Name).ToHashSet());
            foreach (var extra in has.Except(type)) yield return $"{File}: silo {name} has '{extra}', which its type has not.";
            foreach (var missing in type.Except(has)) yield return $"{File}: silo {name} lacks '{missing}'.";
            if (!type.IsSubsetOf(has)) continue;
            if (!names.Add(name)) yield return $"{File}: two silos are called {name}.";
            foreach (var property in new[] { "siloPort", "gatewayPort" }.Where(has.Contains))
            {
                foreach (var port in new[] { silo.GetProperty(property).GetInt32(), silo.GetProperty(property).GetInt32() + Offset(tree) })
                {
                    if (port is < Lowest or > 65535) yield return $"{File}: {property} of {name} is {port} in one colour; expected {Lowest} to 65535.";
                    if (port == Reserved) yield return $"{File}: {property} of {name} is {Reserved}, which the platform keeps for itself.";
                    if (!ports.TryAdd(port, $"{property} of {name}")) yield return $"{File}: {property} of {name} and {ports[port]} are both {port}.";
                }
            }

            if (Roles(silo.GetProperty("roles").GetString()!) is not { } offered) yield return $"{File}: roles of {name} are '{silo.GetProperty("roles").GetString()}'; known: {string.Join(", ", RoleNames.Known)}.";
            else foreach (var role in Enum.GetValues<WorkerRoles>().Where(role => role is not (WorkerRoles.None or WorkerRoles.All) && offered.HasFlag(role))) roles[role] = roles.GetValueOrDefault(role) + 1;
            var device = silo.GetProperty("device").GetString()!;
            if (!LaneFactory.IsDevice(device)) yield return $"{File}: device of {name} is '{device}'.";
            if ((silo.GetProperty("profile").GetString() == "Consumption") != (device == "cpu")) yield return $"{File}: device {device} of {name} is not of profile {silo.GetProperty("profile").GetString()}.";
            if (silo.GetProperty("profile").GetString() == "Consumption" && !IsConsumption(silo.GetProperty("cpu").GetString()!, silo.GetProperty("memory").GetString()!))
                yield return $"{File}: {name} has {silo.GetProperty("cpu").GetString()} cores and {silo.GetProperty("memory").GetString()}; Consumption gives up to 4 cores in quarters, and twice as many Gi.";
        }

        foreach (var role in Enum.GetValues<WorkerRoles>().Where(role => role is not (WorkerRoles.None or WorkerRoles.All) && roles.GetValueOrDefault(role) < 2))
            yield return $"{File}: role {role} is there {roles.GetValueOrDefault(role)} times; expected two or more, so that any one silo may go.";
    }

    /// <summary>How far apart the ports of the two colours are.</summary>
    public static int Offset(Tree tree) =>
        (int)tree.Bicep(SiloApp.File).Single(statement => statement.Kind == Kind.Var && statement.Name == "portOffset").Value!.All().OfType<Number>().Max(number => number.Value);

    private static WorkerRoles? Roles(string names)
    {
        try
        {
            return RoleNames.Parse(names);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool IsConsumption(string cpu, string memory) =>
        decimal.TryParse(cpu, CultureInfo.InvariantCulture, out var cores) && cores is > 0 and <= 4 && cores * 4 % 1 == 0
        && memory.EndsWith("Gi", StringComparison.Ordinal) && decimal.TryParse(memory[..^2], CultureInfo.InvariantCulture, out var gi) && gi == cores * 2;
}
