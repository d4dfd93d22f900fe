-- options: {"index": "_idx$", "table": "^(?!tbl_).*$"}
-- finds: otherForm
CREATE TABLE tbl_drafts (id bigint PRIMARY KEY, note text);
-- finds: otherForm
CREATE INDEX drafts_by_note ON tbl_drafts (note);
