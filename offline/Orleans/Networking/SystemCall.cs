namespace Orleans.Networking;

/// <summary>What runtimes ask and tell each other.</summary>
internal enum SystemCall : byte
{
    /// <summary>Are you there?</summary>
    Probe = 1,

    /// <summary>The membership table has a new version (which).</summary>
    TableChanged = 2,

    /// <summary>Where is a grain? Asked of the owner of its part of the directory.</summary>
    Find = 3,

    /// <summary>A grain is to be activated here: may it? Asked of the owner.</summary>
    Register = 4,

    /// <summary>A grain is no longer active here. Told to the owner.</summary>
    Unregister = 5,

    /// <summary>Which grains of my part are active at yours? Asked by a new owner.</summary>
    Recover = 6,

    /// <summary>A second activation of a grain was found; yours has to end. Told by the owner.</summary>
    EndDuplicate = 7,

    /// <summary>A grain is elsewhere. Told to one who sent a call to the wrong silo.</summary>
    Moved = 8,

    /// <summary>The grain classes of the cluster. Told to clients.</summary>
    Classes = 9,

    /// <summary>This silo stops: send new calls elsewhere. Told to clients.</summary>
    Leaving = 10,
}
