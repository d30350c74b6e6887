//! The engine's configuration, closed: only we come in, and only to our database.
//!
//! The process runs its two start-up queries as `default`, without a password, and cannot be told
//! otherwise; over HTTP `default` would be open to every local user. So it may do nothing but open
//! the listener and wait, and its quota is used up by doing so.

use std::path::Path;

use super::files::Credentials;
use crate::checksum::sha256_hex;

/// The embedded engine's ClickHouse user that writes.
pub(super) const WRITER: &str = "writer";
/// The embedded engine's ClickHouse user that reads the views.
pub(super) const READER: &str = "reader";

/// What the reader, who is ours alone, reads beside the views: whole phone numbers are needed to tell
/// callers apart, whole ids to find their visits, and the views mask both.
const WHOLE: [&str; 14] = [
    "calls",
    "identities",
    "extensions",
    "aliases",
    "forms",
    "rates",
    "visits",
    "attributions",
    "whole_leads",
    "whole_touches",
    "whole_messages",
    "whole_conversations",
    "whole_cycles",
    "whole_timeline",
];

/// How reports are read. They have the narrower side of their joins on the right; guessing, ClickHouse would swap some. What
/// compares with what in an `AND` it would look for in all that the columns are made of, again and again, and find nothing.
const FOR_REPORTS: &str = "      <query_plan_join_swap_table>false</query_plan_join_swap_table>
      <optimize_and_compare_chain>0</optimize_and_compare_chain>";

/// What the engine does when started: opens the listener, and waits for ever.
pub(super) const QUERIES: &str =
    "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM system.numbers FORMAT Null";

/// Gives `config.xml`. Memory is bounded; logs are bounded; times are UTC.
pub(super) fn config_xml(dir: &Path, memory_bytes: u64) -> String {
    let log = escape(&dir.join("engine.log").to_string_lossy());
    let users = escape(&dir.join("users.xml").to_string_lossy());
    format!(
        "<clickhouse>
  <logger>
    <console>0</console>
    <log>{log}</log>
    <size>10M</size>
    <count>2</count>
  </logger>
  <timezone>UTC</timezone>
  <max_server_memory_usage>{memory_bytes}</max_server_memory_usage>
  <mark_cache_size>{mark_cache}</mark_cache_size>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
  </access_control_improvements>
  <user_directories><users_xml><path>{users}</path></users_xml></user_directories>
</clickhouse>
",
        mark_cache = memory_bytes / 8,
    )
}

/// Gives `users.xml`, with hashes in the place of passwords.
pub(super) fn users_xml(credentials: &Credentials, database: &str) -> String {
    let [writer, reader] = [&credentials.writer, &credentials.reader].map(|own| sha256_hex(own));
    let whole = whole(database);
    format!(
        "<clickhouse>
  <profiles>
    <default/>
    <boot>
      <function_sleep_max_microseconds_per_block>0</function_sleep_max_microseconds_per_block>
    </boot>
    <reader>
      <readonly>1</readonly>
      <max_execution_time>30</max_execution_time>
      <max_memory_usage>1000000000</max_memory_usage>
      <cancel_http_readonly_queries_on_client_close>1</cancel_http_readonly_queries_on_client_close>
      <output_format_json_quote_64bit_integers>0</output_format_json_quote_64bit_integers>
{FOR_REPORTS}
      <constraints>
        <max_execution_time><changeable_in_readonly/></max_execution_time>
      </constraints>
    </reader>
  </profiles>
  <quotas>
    <default/>
    <boot><interval><duration>2000000000</duration><queries>2</queries></interval></boot>
  </quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>boot</profile>
      <quota>boot</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
      </grants>
    </default>
    <{WRITER}>
      <password_sha256_hex>{writer}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT ALL ON {database}.*</query>
        <query>GRANT SELECT ON system.*</query>
        <query>GRANT TABLE ENGINE ON ReplacingMergeTree</query>
      </grants>
    </{WRITER}>
    <{READER}>
      <password_sha256_hex>{reader}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>reader</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT ON {database}.v_*</query>
{whole}      </grants>
    </{READER}>
  </users>
</clickhouse>
"
    )
}

/// The reader's grants beside the views.
fn whole(database: &str) -> String {
    let grant = |table| format!("        <query>GRANT SELECT ON {database}.{table}</query>\n");
    WHOLE.map(grant).concat()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_in_the_files_of_configuration() {
        let credentials = Credentials {
            writer: "secret-w".to_owned(),
            reader: "secret-r".to_owned(),
            port: 1,
        };
        let users = users_xml(&credentials, "trunkline");
        assert!(!users.contains("secret"));
        // SHA-256 of "secret-r".
        let hash = "4dd5e30fb485075cafa0c02165674f208ac7cfa00d7af2aed83a4787ff594ddd";
        assert!(users.contains(&format!(
            "<password_sha256_hex>{hash}</password_sha256_hex>"
        )));
    }

    #[test]
    fn a_folder_with_markup_in_its_name_is_escaped() {
        assert!(config_xml(Path::new("/a&b"), 1).contains("<log>/a&amp;b/engine.log</log>"));
    }
}
