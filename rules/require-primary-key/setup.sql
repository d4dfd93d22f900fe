CREATE TABLE visits (at timestamptz, page text);
