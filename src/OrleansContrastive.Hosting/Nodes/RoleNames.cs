using OrleansContrastive.Contracts.Workers;

namespace OrleansContrastive.Hosting.Nodes;

/// <summary>Roles as people write them: <c>encoder,key</c>.</summary>
public static class RoleNames
{
    /// <summary>The names, in the order of the data's way, and <c>all</c>.</summary>
    public static IReadOnlyList<string> Known { get; } =
        [.. Enum.GetValues<WorkerRoles>().Where(role => role != WorkerRoles.None).Order().Select(role => role.ToString().ToLowerInvariant())];

    /// <summary>Reads names with commas between them; letters may be of any case.</summary>
    /// <exception cref="FormatException">A name is unknown; the message lists the known ones.</exception>
    public static WorkerRoles Parse(string names)
    {
        var roles = WorkerRoles.None;
        foreach (var name in names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Known.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new FormatException($"There is no role '{name}'; known: {string.Join(", ", Known)}.");
            roles |= Enum.Parse<WorkerRoles>(name, ignoreCase: true);
        }

        return roles;
    }

    /// <summary>The names of roles, as <see cref="Parse"/> reads them.</summary>
    public static string Text(WorkerRoles roles) =>
        roles == WorkerRoles.All
            ? "all"
            : string.Join(',', Enum.GetValues<WorkerRoles>().Where(role => role is not (WorkerRoles.None or WorkerRoles.All) && roles.HasFlag(role)).Select(role => role.ToString().ToLowerInvariant()));
}
