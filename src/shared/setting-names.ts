/**
 * The environment variables that bigin-mcp reads. Error messages name them, so none of these names is ever redacted.
 */
export const settingNames = [
  "BIGIN_AUDIT_LOG",
  "BIGIN_CONFIRM",
  "BIGIN_EXCLUDE_TOOLS",
  "BIGIN_LOG_LEVEL",
  "BIGIN_MCP_AUTH",
  "BIGIN_MCP_AUTH_TOKENS",
  "BIGIN_MCP_HOST",
  "BIGIN_MCP_PORT",
  "BIGIN_MCP_TRANSPORT",
  "BIGIN_READ_ONLY",
  "BIGIN_REPLY_TOKENS",
  "BIGIN_TOOLS",
  "BIGIN_TOOLSETS",
  "MATON_API_KEY",
  "MATON_API_KEY_FILE",
  "MATON_API_URL",
  "MATON_CONNECTION_ID",
  "MATON_CONTROL_URL",
  "MATON_GATEWAY_URL",
] as const;

export type SettingName = (typeof settingNames)[number];
