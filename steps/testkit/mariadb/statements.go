package mariadbtest

// Statements that bring into a binary log what is not as simple as a row: they want
// a table shop.item with a key that counts, a name and a price.
var (
	// ByStatement are logged as they are written, with what they depend on.
	ByStatement = []string{
		`SET SESSION binlog_format='STATEMENT'`,
		`INSERT INTO shop.item (name, price) VALUES (REPEAT('statement ', 100), LAST_INSERT_ID())`,
		`SET @x = 'word'`,
		`INSERT INTO shop.item (name, price) VALUES (@x, FLOOR(RAND() * 10))`,
	}
	// WithCode make an account and a procedure, and call that.
	WithCode = []string{
		`CREATE USER someone IDENTIFIED BY 'secret'`, `GRANT SELECT ON shop.* TO someone`,
		`CREATE PROCEDURE shop.p() BEGIN SET @y = 1; INSERT INTO shop.item (name) VALUES ('called'); END`,
		`CALL shop.p()`,
	}
	// WithAColumn change the table, and fill it as it is then.
	WithAColumn = []string{
		`ALTER TABLE shop.item ADD COLUMN more INT DEFAULT 3`,
		`INSERT INTO shop.item (name) VALUES ('after')`,
	}
)
