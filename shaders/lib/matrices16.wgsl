// matrices16: cooperative matrices of 16 x 16 f16 with sums in f32, as tensor cores have them, for operands that are stored as f16.
alias Operand = f16;
const SIDE = 16u;
alias MatrixA = coop_mat16x16<f16, A>;
alias MatrixB = coop_mat16x16<f16, B>;
alias MatrixC = coop_mat16x16<f32, C>;
