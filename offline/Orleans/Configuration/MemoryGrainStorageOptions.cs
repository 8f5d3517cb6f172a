namespace Orleans.Configuration;

/// <summary>A storage in the memory of the silo.</summary>
public class MemoryGrainStorageOptions;
