namespace Sandbox.Rollout.Ansible;

/// <summary>Ansible, its inventory or its playbooks cannot be used; the message says what to do.</summary>
public sealed class AnsibleException(string message) : Exception(message);
